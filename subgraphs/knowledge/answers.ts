// Answers: started, watched, cancelled, and looked after when their process dies. The work lives apart from who watches it: it writes rows and
// a stream log, and any process can follow those.
//
// A lease says which run of which process works on an answer. It is renewed every second; an answer with an expired lease belongs to nobody
// and is claimed by the next sweep of any process.
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { createId, hasPrefix } from '#shared/ids.ts'
import { TributaryError } from '#shared/errors.ts'
import type { StreamEvent, StreamLog } from '#shared/stream-log.ts'
import { serviceIdentity } from '../../contracts/identity.ts'
import type { Message, ModelDescription, ModelsClient } from '../../contracts/models-client.ts'
import type { AnswerEventPayload } from './answer-events.ts'
import type { AnswerStore } from './answer-store.ts'
import { checkAnswerInput, checkContext, SOURCES_DEFAULT } from './domain/answer-input.ts'
import type { RequestedMode } from './domain/answer-mode.ts'
import type { KnowledgeBases } from './knowledge-bases.ts'
import { isModelAway, isModelTrouble } from './model-trouble.ts'
import type { RunAnswer } from './run-answer.ts'
import type { KnownAtStart } from './plan-answer.ts'
import type { AnswerRow, KnowledgeBaseRow } from './tables.ts'
import { notFound, type UserMistake } from './user-mistake.ts'
import { ANSWER_TOKENS } from './write-generation.ts'

export interface AnswerInput {
  question: string
  knowledgeBaseIds: readonly string[]
  mode?: RequestedMode | null
  modelName?: string | null
  maxSources?: number | null
  conversation?: readonly Message[] | null
  isDetached?: boolean | null
}

export interface Answers {
  start(
    workspaceId: string,
    input: AnswerInput,
    signal: AbortSignal,
  ): Promise<{ answer: AnswerRow } | { mistakes: UserMistake[] }>
  /** Null when there is no such answer. */
  cancel(workspaceId: string, id: string): Promise<AnswerRow | null>
  /** Its events behind `after`, then live ones. The caller counts as a watcher until the generator ends. Null when there is no such answer. */
  follow(
    workspaceId: string,
    id: string,
    after: string | null,
    signal: AbortSignal,
  ): Promise<AsyncGenerator<StreamEvent<AnswerEventPayload>> | null>
  /** Leaves running work to another process. */
  close(): Promise<void>
}

export interface CreateAnswersOptions {
  store: AnswerStore
  log: StreamLog<AnswerEventPayload>
  models: ModelsClient
  knowledgeBases: KnowledgeBases
  runAnswer: RunAnswer
  logger: Logger
  /** How long an answer that is not detached goes on without a watcher, in milliseconds. */
  graceMs: number
  /** Answers written at the same time by this process; more are refused. Default 200. */
  runningMax?: number
}

const TICK_MS = 1000
const CLAIM_LIMIT = 20
/** Events serve those who watch; the answer itself is kept. */
const EVENTS_LIFETIME_MS = 7 * 24 * 3600 * 1000
const EXPIRY_INTERVAL_MS = 3600 * 1000

type Running = { answer: AnswerRow; controller: AbortController; done: Promise<void> }

export function createAnswers(options: CreateAnswersOptions): Answers {
  const { store, log, models, knowledgeBases, runAnswer, logger, graceMs, runningMax = 200 } = options
  const running = new Map<string, Running>()
  const watchers = new Map<string, number>()
  let isClosed = false
  let nextExpiry = Date.now() + EXPIRY_INTERVAL_MS
  let tickTimer: NodeJS.Timeout | undefined
  let ticking: Promise<void> = Promise.resolve()

  function run(answer: AnswerRow, known: KnownAtStart | null): void {
    const controller = new AbortController()
    const done = runAnswer({ answer, known, signal: controller.signal })
      .catch((error: unknown) => logger.error({ err: error, answerId: answer.id }, 'an answer was lost'))
      .finally(() => running.delete(answer.id))
    running.set(answer.id, { answer, controller, done })
  }

  async function tick(): Promise<void> {
    if (Date.now() >= nextExpiry) {
      nextExpiry = Date.now() + EXPIRY_INTERVAL_MS
      await log.expire(EVENTS_LIFETIME_MS)
    }
    await store.touchWatched([...watchers.keys()])
    await Promise.all(
      [...running.values()].map(async ({ answer, controller }) => {
        const renewed = await store.renew(answer)
        if (renewed === null) controller.abort('leave')
        else if (renewed.isCancelRequested) controller.abort('cancel')
        else if (!answer.isDetached && !watchers.has(answer.id) && renewed.unwatchedMs >= graceMs)
          controller.abort('cancel')
      }),
    )
    const free = Math.min(CLAIM_LIMIT, runningMax - running.size)
    if (free <= 0) return
    // Answers of this process are not abandoned, even if it was too busy to say so.
    for (const answer of await store.claimAbandoned(randomUUID(), [...running.keys()], free)) run(answer, null)
  }

  function scheduleTick(): void {
    if (isClosed) return
    tickTimer = setTimeout(() => {
      ticking = tick()
        .catch((error: unknown) => logger.error({ err: error }, 'looking after answers failed'))
        .finally(scheduleTick)
    }, TICK_MS)
    tickTimer.unref()
  }
  scheduleTick()

  async function findChatModel(
    workspaceId: string,
    input: AnswerInput,
    signal: AbortSignal,
  ): Promise<{ model: ModelDescription | null; isAway: boolean; mistakes: UserMistake[] }> {
    const modelName = input.modelName ?? null
    let model: ModelDescription | null = null
    try {
      model = await models.findModel(serviceIdentity(workspaceId, 'knowledge'), 'CHAT', modelName, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!isModelTrouble(error)) throw error
      // Nobody knows now what models has: the answer asks when it is planned, and waits.
      if (isModelAway(error)) return { model, isAway: true, mistakes: [] }
    }
    if (model !== null || (modelName === null && input.mode !== 'GENERATIVE'))
      return { model, isAway: false, mistakes: [] }
    const mistake: UserMistake =
      modelName === null
        ? {
            code: 'MODEL_NOT_AVAILABLE',
            message: 'No chat model is available to write the answer. Use mode EXTRACTIVE or AUTO, or add a model.',
            path: ['input', 'mode'],
          }
        : {
            code: 'MODEL_NOT_AVAILABLE',
            message: `No host has a chat model "${modelName}". Query models for those there are, or leave it out for the default one.`,
            path: ['input', 'modelName'],
          }
    return { model, isAway: false, mistakes: [mistake] }
  }

  function findUnknown(ids: readonly string[], found: readonly KnowledgeBaseRow[]): UserMistake[] {
    const unknown = ids.findIndex((wanted) => !found.some(({ id }) => id === wanted))
    return unknown === -1 ? [] : [notFound('knowledge base', ['input', 'knowledgeBaseIds', String(unknown)])]
  }

  async function* watch(workspaceId: string, id: string, after: string | null, signal: AbortSignal) {
    watchers.set(id, (watchers.get(id) ?? 0) + 1)
    try {
      yield* log.follow({ workspaceId, streamId: id, after, signal })
    } finally {
      const left = watchers.get(id)! - 1
      if (left > 0) watchers.set(id, left)
      else {
        watchers.delete(id)
        // From here the grace time counts, also for a process that works on it elsewhere.
        await store.touchWatched([id]).catch(() => undefined)
      }
    }
  }

  return {
    async start(workspaceId, input, signal) {
      const mistakes: UserMistake[] = checkAnswerInput(input)
      if (mistakes.length > 0) return { mistakes }
      const knowledgeBaseIds = [...new Set(input.knowledgeBaseIds)]
      const wellFormed = knowledgeBaseIds.filter((id) => hasPrefix(id, 'kb'))
      const [found, chat] = await Promise.all([
        knowledgeBases.findMany(workspaceId, wellFormed),
        findChatModel(workspaceId, input, signal),
      ])
      mistakes.push(...findUnknown(knowledgeBaseIds, found), ...chat.mistakes)
      if (chat.mistakes.length === 0 && !chat.isAway)
        mistakes.push(...checkContext(input, chat.model?.contextLength ?? null, ANSWER_TOKENS))
      if (mistakes.length > 0) return { mistakes }
      if (running.size >= runningMax || isClosed)
        throw new TributaryError('CAPACITY_EXCEEDED', 'Too many answers are being written now. Try again in a moment.')
      const answer = await store.insert({
        id: createId('ans'),
        workspaceId,
        question: storable(input.question),
        conversation: (input.conversation ?? []).map(({ role, content }) => ({ role, content: storable(content) })),
        knowledgeBaseIds,
        mode: input.mode ?? 'AUTO',
        modelName: input.modelName ?? null,
        maxSources: input.maxSources ?? SOURCES_DEFAULT,
        isDetached: input.isDetached ?? false,
        leaseOwner: randomUUID(),
      })
      run(answer, chat.isAway ? null : { chatModel: chat.model, knowledgeBases: found })
      return { answer }
    },

    async cancel(workspaceId, id) {
      if (!hasPrefix(id, 'ans')) return null
      const row = await store.requestCancel(workspaceId, id)
      const here = running.get(id)
      if (row?.status !== 'RUNNING' || !here) return row
      here.controller.abort('cancel')
      await here.done
      return (await store.findMany(workspaceId, [id]))[0] ?? row
    },

    async follow(workspaceId, id, after, signal) {
      const [answer] = hasPrefix(id, 'ans') ? await store.findMany(workspaceId, [id]) : []
      if (!answer) return null
      // Nothing would ever come: the answer has ended and its stream is gone.
      if (answer.status !== 'RUNNING' && !(await store.hasEvents(workspaceId, id))) throw eventsExpired()
      return watch(workspaceId, id, after, signal)
    },

    async close() {
      isClosed = true
      clearTimeout(tickTimer)
      await ticking
      clearTimeout(tickTimer)
      const left = [...running.values()]
      for (const { controller } of left) controller.abort('leave')
      await Promise.all(left.map(({ done }) => done))
      await Promise.all(left.map(({ answer }) => store.release(answer).catch(() => undefined)))
    },
  }
}

const eventsExpired = () =>
  new TributaryError('NOT_FOUND', 'The events of this answer are no longer kept. Read the answer itself.', {
    path: ['id'],
  })

/** PostgreSQL stores neither NUL nor half a character, and in a question they mean nothing. */
const storable = (text: string): string => text.replaceAll('\0', '').toWellFormed()
