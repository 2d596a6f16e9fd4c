// Following a job. Each event reads its item or job anew: what a loader remembered from the start of the subscription would be old news.
import type { StreamEvent } from '#shared/stream-log.ts'
import type { Context } from '../context.ts'
import type { JobEvent } from '../domain/item-state.ts'
import type { ResolversTypes, SubscriptionResolvers } from '../schema.generated.ts'

export const subscription: SubscriptionResolvers = {
  ingestionJobEvents: {
    subscribe: async (_parent, { id, after }, context) => {
      const { identity, jobEvents, signal, lastEventId } = context
      const seen = lastEventId ?? after ?? null
      const events = await jobEvents({ workspaceId: identity.workspaceId, jobId: id, after: seen, signal })
      return mapEvents(events, id, context)
    },
    resolve: (event: GraphEvent) => event,
  },
}

type GraphEvent = Awaited<ResolversTypes['IngestionJobEvent']>

async function* mapEvents(
  events: AsyncGenerator<StreamEvent<JobEvent>>,
  jobId: string,
  context: Context,
): AsyncGenerator<GraphEvent> {
  for await (const event of events) {
    const mapped = await mapEvent(event, jobId, context)
    if (mapped) yield mapped
  }
}

async function mapEvent(
  { cursor, occurredAt, payload }: StreamEvent<JobEvent>,
  jobId: string,
  { readJobs, identity }: Context,
): Promise<GraphEvent | null> {
  const { workspaceId } = identity
  if (payload.type === 'job-finished') {
    const [ingestionJob] = await readJobs.findJobs(workspaceId, [jobId])
    return ingestionJob ? { __typename: 'IngestionJobFinished', cursor, occurredAt, ingestionJob } : null
  }
  const [item] = await readJobs.findItems(workspaceId, [payload.itemId])
  if (!item) return null
  return payload.type === 'step-finished'
    ? { __typename: 'IngestionStepFinished', cursor, occurredAt, item, step: payload.step }
    : {
        __typename: 'IngestionStepProgressed',
        cursor,
        occurredAt,
        item,
        step: payload.step,
        completedUnits: payload.completedUnits,
        totalUnits: payload.totalUnits,
      }
}
