// Asks a question and yields the answer's events as they come; a lost connection is resumed behind the last one.
import { clientError, interrupted } from './client-error.ts'
import type { Endpoint } from './endpoint.ts'
import { follow } from './follow.ts'
import type { AnswerEvent } from './shapes.ts'

export interface Question {
  question: string
  knowledgeBaseIds: readonly string[]
  /** AUTO, GENERATIVE or EXTRACTIVE. Null: AUTO. */
  mode: string | null
  /** Null: the default chat model. */
  modelName: string | null
}

export async function* ask(
  endpoint: Endpoint,
  question: Question,
  signal?: AbortSignal,
): AsyncGenerator<AnswerEvent, void> {
  let answerId: string | null = null
  let isAsked = false
  const events = follow<AnswerEvent>({
    endpoint,
    open(after) {
      if (!isAsked) {
        isAsked = true
        return eventsOf(endpoint, 'AnswerStream', { ...question }, signal)
      }
      // Asking again would be a second answer.
      return answerId === null ? null : eventsOf(endpoint, 'AnswerEvents', { answerId, after }, signal)
    },
    ...(signal ? { signal } : {}),
  })
  let hasEnded = false
  for await (const event of events) {
    if (event.__typename === 'AnswerStarted') answerId = event.answer.id
    hasEnded = event.__typename === 'AnswerCompleted' || event.__typename === 'AnswerFailed'
    yield event
  }
  if (!hasEnded)
    throw signal?.aborted
      ? interrupted()
      : clientError('STREAM_ENDED', 'The answer ended before it was complete. Ask again.')
}

async function* eventsOf(
  endpoint: Endpoint,
  operationName: 'AnswerStream' | 'AnswerEvents',
  variables: Record<string, unknown>,
  signal?: AbortSignal,
) {
  const stream = endpoint.subscribe<{ answerStream?: AnswerEvent; answerEvents?: AnswerEvent }>(
    operationName,
    variables,
    signal,
  )
  for await (const data of stream) yield (data.answerStream ?? data.answerEvents)!
}
