// Generations: start, cancel, read and follow.
import { TributaryError } from '#shared/errors.ts'
import type { StreamEvent } from '#shared/stream-log.ts'
import { cursorIn, formatPosition, streamOf } from '#shared/stream-position.ts'
import { modelId } from '../../../contracts/model-ids.ts'
import type { Context } from '../context.ts'
import { isActive, type GenerationEventPayload, type InputMistake } from '../domain/generation.ts'
import type { GenerationInput, Resolvers, ResolversTypes } from '../schema.generated.ts'
import type { GenerationRow } from '../tables.ts'

type GraphEvent = Awaited<ResolversTypes['GenerationEvent']>

export const generationResolvers: Pick<Resolvers, 'Query' | 'Mutation' | 'Subscription' | 'Generation'> = {
  Query: {
    generation: (_parent, { id }, { loaders }) => loaders.generation.load(id),
  },
  Mutation: {
    generationStart: async (_parent, { input }, { generations, identity }) => {
      const result = await generations.start(identity.workspaceId, withoutNull(input), {
        isDetached: input.isDetached === true,
      })
      return 'mistakes' in result
        ? { generation: null, userErrors: result.mistakes }
        : { generation: result.row, userErrors: [] }
    },
    generationCancel: async (_parent, { id }, { generations, identity }) => {
      const result = await generations.cancel(identity.workspaceId, id)
      return 'mistakes' in result
        ? { generation: null, userErrors: result.mistakes }
        : { generation: result.row, userErrors: [] }
    },
  },
  Subscription: {
    generationStream: {
      subscribe: async (_parent, { input }, context) => {
        const { generations, identity, lastEventId } = context
        // It has been started already.
        if (lastEventId !== null) return followGeneration(streamOf(lastEventId), lastEventId, context)
        const result = await generations.start(identity.workspaceId, withoutNull(input), {
          isDetached: input.isDetached === true,
        })
        if ('mistakes' in result) throw errorOf(result.mistakes)
        return followGeneration(result.row.id, null, context)
      },
      resolve: (event: GraphEvent) => event,
    },
    generationEvents: {
      subscribe: (_parent, { id, after }, context) =>
        followGeneration(id, context.lastEventId ?? after ?? null, context),
      resolve: (event: GraphEvent) => event,
    },
  },
  Generation: {
    __resolveReference: async ({ id }, { loaders }) => loaders.generation.load(id),
    model: (row, _arguments, context) => modelOf(row, context),
    text: async ({ id, status, text }, _arguments, { loaders }) =>
      isActive(status) ? ((await loaders.textSoFar.load(id))?.text ?? '') : text,
    usage: ({ promptTokens, completionTokens, cachedPromptTokens }) =>
      promptTokens === null || completionTokens === null
        ? null
        : { promptTokens, completionTokens, cachedPromptTokens, totalTokens: promptTokens + completionTokens },
  },
}

const modelOf = ({ modelProvider, modelName }: GenerationRow, { identity, loaders }: Context) =>
  loaders.model.load(modelId(identity.workspaceId, { provider: modelProvider, name: modelName }))

const withoutNull = (input: GenerationInput) => ({ ...input, modelName: input.modelName ?? null })

async function followGeneration(
  id: string,
  after: string | null,
  context: Context,
): Promise<AsyncGenerator<GraphEvent>> {
  const { generations, identity, signal } = context
  const events = await generations.follow({ workspaceId: identity.workspaceId, id, after: cursorIn(id, after), signal })
  return mapEvents(events, id, context)
}

async function* mapEvents(
  events: AsyncGenerator<StreamEvent<GenerationEventPayload>>,
  id: string,
  context: Context,
): AsyncGenerator<GraphEvent> {
  // Loaders remember for one operation, and this one may last for minutes: rows are read anew for each event that shows them.
  const read = async (): Promise<GenerationRow> => {
    const [row] = await context.generations.findMany(context.identity.workspaceId, [id])
    if (row === undefined) throw new TributaryError('NOT_FOUND', 'The generation was deleted.')
    return row
  }
  const first = await read()
  for await (const { cursor, occurredAt, payload } of events) {
    const place = { cursor: formatPosition(id, cursor), occurredAt }
    if (payload.type === 'delta') {
      const { sequence, text } = payload
      yield { __typename: 'GenerationDelta', ...place, sequence, text, model: await modelOf(first, context) }
    } else if (payload.type === 'started') yield { __typename: 'GenerationStarted', ...place, generation: await read() }
    else if (payload.type === 'completed')
      yield { __typename: 'GenerationCompleted', ...place, generation: await read() }
    else {
      const { code, message, isRetryable } = payload
      yield { __typename: 'GenerationFailed', ...place, generation: await read(), code, message, isRetryable }
    }
  }
}

function errorOf(mistakes: readonly InputMistake[]): TributaryError {
  const [first] = mistakes
  const code =
    first?.code === 'MODEL_NOT_AVAILABLE' || first?.code === 'CONTEXT_TOO_LONG' ? first.code : 'BAD_USER_INPUT'
  return new TributaryError(code, mistakes.map(({ message }) => message).join(' '), { path: first?.path ?? ['input'] })
}
