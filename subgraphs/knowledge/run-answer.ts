// The work on one answer, from wherever it stands to its end. It writes through the lease of `answer`; when the lease is lost it stops
// without a word, because somebody else goes on.
import type { Logger } from 'pino'
import { TributaryError } from '#shared/errors.ts'
import type { JobQueue } from '#shared/job-queue.ts'
import { usageRecorded } from '../../contracts/messages.ts'
import type { ModelsClient } from '../../contracts/models-client.ts'
import type { AnswerChange, AnswerStore } from './answer-store.ts'
import type { CiteSentence } from './cite-sentence.ts'
import type { KnownAtStart, PlanAnswer } from './plan-answer.ts'
import type { AnswerRow } from './tables.ts'
import { writeExtract } from './write-extract.ts'
import { writeGeneration } from './write-generation.ts'

export type RunAnswer = (options: {
  answer: AnswerRow
  /** What its start found out already; null for an answer whose process died, or that models could not be asked about. */
  known: KnownAtStart | null
  /** Aborted with the reason 'cancel' (somebody wants it to end) or 'leave' (this process is ending or lost the lease). */
  signal: AbortSignal
}) => Promise<void>

export function createRunAnswer(options: {
  store: AnswerStore
  queue: JobQueue
  models: ModelsClient
  planAnswer: PlanAnswer
  citeSentence: CiteSentence
  logger: Logger
}): RunAnswer {
  const { store, queue, models, planAnswer, citeSentence, logger } = options

  return async ({ answer: given, known, signal }) => {
    let answer = given
    const change = async (wanted: AnswerChange) => {
      answer = await store.change(answer, wanted)
      return answer
    }
    const end = (status: AnswerRow['status'], rest: AnswerChange) =>
      change({
        ...rest,
        set: { ...rest.set, status, finishedAt: new Date(), totalMs: Date.now() - answer.createdAt.getTime() },
        isLast: true,
      })
    try {
      if (answer.plan !== null) throw writerDied()
      const { plan, sources, ...decided } = await planAnswer(answer, known, signal)
      if (plan.kind === 'generate') {
        await change({ set: { ...decided, plan }, sources, events: [{ type: 'started' }] })
        const { verdict, usage } = await writeGeneration({
          answer,
          plan,
          sources,
          models,
          citeSentence,
          change,
          signal,
        })
        await end('COMPLETED', { set: { verdict, usage }, events: [{ type: 'completed' }], also: countUsage })
      } else {
        signal.throwIfAborted()
        const extract = writeExtract({ answer, plan, sources, modelId: decided.modelId })
        await end('COMPLETED', {
          ...extract,
          set: { ...decided, ...extract.set },
          sources,
          events: [{ type: 'started' }, ...extract.events, { type: 'completed' }],
          also: countUsage,
        })
      }
    } catch (error) {
      await endAfter(error)
    }

    /** The answer's id is the event's, so that it counts once whoever ends it. Tokens are counted by models. */
    function countUsage(...[transaction, ended]: Parameters<NonNullable<AnswerChange['also']>>) {
      const event = {
        workspaceId: ended.workspaceId,
        eventId: `answer:${ended.id}`,
        kind: 'ANSWER' as const,
        occurredAt: new Date().toISOString(),
        modelName: ended.writerName,
        knowledgeBaseIds: ended.knowledgeBaseIds,
        promptTokens: 0,
        completionTokens: 0,
        retrievalMs: ended.retrievalMs,
      }
      return queue.send(usageRecorded, event, { transaction })
    }

    async function endAfter(error: unknown): Promise<void> {
      if (signal.aborted && signal.reason !== 'cancel') return
      try {
        if (signal.aborted) {
          await end('CANCELLED', { events: [...missingStart(), { type: 'completed' }] })
          return
        }
        if (!(error instanceof TributaryError)) logger.error({ err: error, answerId: answer.id }, 'an answer failed')
        const { code, message, isRetryable } =
          error instanceof TributaryError
            ? error
            : { code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong while answering.', isRetryable: true }
        await end('FAILED', { events: [...missingStart(), { type: 'failed', code, message, isRetryable }] })
      } catch (endError) {
        // Either the lease is lost, and the answer is somebody else's, or the database is, and the sweeper ends it later.
        logger.warn({ err: endError, answerId: answer.id }, 'an answer could not be ended here')
      }
    }

    /** AnswerStarted is always the first event, also of an answer of which nothing was stored yet. */
    function missingStart() {
      return answer.plan === null ? [{ type: 'started' as const }] : []
    }
  }
}

const writerDied = () =>
  new TributaryError('PROCESS_DIED', 'The process that wrote this answer died before it was complete. Ask again.', {
    isRetryable: true,
  })
