// The two subscriptions of answers. Everything that can be refused is refused before a stream is given out: an error in the middle of a
// stream would end the watcher's connection.
import { assertNever, TributaryError } from '#shared/errors.ts'
import type { StreamEvent } from '#shared/stream-log.ts'
import { cursorIn, formatPosition, streamOf } from '#shared/stream-position.ts'
import type { AnswerEventPayload } from '../answer-events.ts'
import type { Context } from '../context.ts'
import type { ResolversTypes, SubscriptionResolvers } from '../schema.generated.ts'
import { asError } from '../user-mistake.ts'

export const answerSubscriptions: SubscriptionResolvers = {
  answerStream: {
    subscribe: async (_parent, { input }, context) => {
      const { answers, identity, signal, lastEventId } = context
      // It has been started already.
      if (lastEventId !== null) return followAnswer(streamOf(lastEventId), lastEventId, context, 'answerStream')
      const result = await answers.start(identity.workspaceId, input, signal)
      if ('mistakes' in result) throw asError(result.mistakes[0]!)
      return followAnswer(result.answer.id, null, context, 'answerStream')
    },
  },
  answerEvents: {
    subscribe: async (_parent, { id, after }, context) =>
      followAnswer(id, context.lastEventId ?? after ?? null, context, 'answerEvents'),
  },
}

async function followAnswer<Field extends 'answerStream' | 'answerEvents'>(
  id: string,
  after: string | null,
  context: Context,
  field: Field,
) {
  const { answers, identity, signal } = context
  const events = await answers.follow(identity.workspaceId, id, cursorIn(id, after), signal)
  if (events === null)
    throw new TributaryError('NOT_FOUND', 'There is no answer with this id in the workspace.', { path: ['id'] })
  return (async function* () {
    for await (const event of events) {
      const mapped = await toGraphEvent(id, event, context)
      if (mapped) yield { [field]: mapped } as Record<Field, typeof mapped>
    }
  })()
}

async function toGraphEvent(
  id: string,
  { cursor, occurredAt, payload }: StreamEvent<AnswerEventPayload>,
  { loaders }: Context,
): Promise<ResolversTypes['AnswerEvent'] | null> {
  const position = { cursor: formatPosition(id, cursor), occurredAt }
  if (payload.type === 'delta') {
    const { sequence, text, modelId } = payload
    const model = modelId === null ? null : { __typename: 'Model' as const, id: modelId }
    return { __typename: 'AnswerDelta', ...position, sequence, text, model }
  }
  if (payload.type === 'cited') return { __typename: 'AnswerCited', ...position, citation: payload.citation }
  loaders.forgetAnswer(id)
  const answer = await loaders.answer.load(id)
  if (!answer) return null
  switch (payload.type) {
    case 'started':
      return { __typename: 'AnswerStarted', ...position, answer }
    case 'completed':
      return { __typename: 'AnswerCompleted', ...position, answer }
    case 'failed': {
      const { code, message, isRetryable } = payload
      return { __typename: 'AnswerFailed', ...position, answer, code, message, isRetryable }
    }
    default:
      return assertNever(payload)
  }
}
