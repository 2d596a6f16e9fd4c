// Generations as the rest sees them: start, cancel, read, follow. Work is separate from watching: a generation runs in the process that
// started it, and any process can cancel or follow it.
//
// Every process says several times a second that what it runs is alive and what it watches is watched. A generation whose process fell
// silent is ended by any other; one that nobody watches is cancelled after the grace time.
import type { Logger } from 'pino'
import { sql } from 'drizzle-orm'
import type { Database } from '#shared/database.ts'
import { isTroubleOfStore, TributaryError } from '#shared/errors.ts'
import { createId } from '#shared/ids.ts'
import type { JobQueue } from '#shared/job-queue.ts'
import type { StreamEvent, StreamLog } from '#shared/stream-log.ts'
import type { CatalogueModel } from './domain/choose-model.ts'
import {
  checkGenerationInput,
  isActive,
  type GenerationEventPayload,
  type GenerationInput,
  type GenerationOutcome,
  type InputMistake,
} from './domain/generation.ts'
import { createGenerationStore, type GenerationKey } from './generation-store.ts'
import type { ModelCatalogue } from './model-catalogue.ts'
import { runGeneration } from './run-generation.ts'
import type { GenerationRow } from './tables.ts'

export type StartResult = { row: GenerationRow; model: CatalogueModel } | { mistakes: InputMistake[] }
export type CancelResult = { row: GenerationRow } | { mistakes: InputMistake[] }

export interface Generations {
  /** Returns at once; the model works in the background. */
  start(workspaceId: string, input: GenerationInput, options: { isDetached: boolean }): Promise<StartResult>
  /** It has ended when this returns; the model stops with it, in whichever process it runs. */
  cancel(workspaceId: string, id: string): Promise<CancelResult>
  findMany(workspaceId: string, ids: readonly string[]): Promise<GenerationRow[]>
  textsSoFar(workspaceId: string, ids: readonly string[]): Promise<{ id: string; text: string }[]>
  /** Events behind `after`, then live ones; counts as watching until it is left. NOT_FOUND for an unknown id, and for one whose events have expired. */
  follow(options: FollowOptions): Promise<AsyncGenerator<StreamEvent<GenerationEventPayload>>>
  /** Ends generations whose process died. */
  sweep(options?: { all?: boolean }): Promise<void>
  /** Ends what still runs here as failed and retryable. */
  close(): Promise<void>
}

export interface FollowOptions {
  workspaceId: string
  id: string
  after?: string | null | undefined
  signal: AbortSignal
}

export interface GenerationsOptions {
  database: Database
  log: StreamLog<GenerationEventPayload>
  queue: JobQueue
  catalogue: ModelCatalogue
  logger: Logger
  /** True when no other process can run or watch generations: then none has to be looked for while nothing runs here. */
  isOnlyProcess: boolean
  /** How long a generation may go on unwatched, in milliseconds. Default 10,000. */
  graceMs?: number
  /** How long after its last sign a process counts as dead, in milliseconds. Default 3,500. */
  leaseMs?: number
  /** How often signs are given and looked for, in milliseconds. Default 700. */
  beatMs?: number
}

/** Its payload is the id of a generation that was ended by another than the one who runs it. */
const ENDED_CHANNEL = 'models_generation_ended'

export async function createGenerations(options: GenerationsOptions): Promise<Generations> {
  const {
    database,
    log,
    queue,
    catalogue,
    logger,
    isOnlyProcess,
    graceMs = 10_000,
    leaseMs = 3_500,
    beatMs = 700,
  } = options
  const store = createGenerationStore({ database, log, queue, graceMs, leaseMs })
  const running = new Map<string, { row: GenerationRow; abort: AbortController; done: Promise<void> }>()
  const watchers = new Map<string, { key: GenerationKey; count: number }>()
  let isClosed = false

  const stop = (id: string): void => running.get(id)?.abort.abort()
  const listener = await database.listen(ENDED_CHANNEL, stop, () => undefined)

  const end = async (row: GenerationKey, outcome: GenerationOutcome): Promise<void> => {
    const hasEnded = await store.finish(row, outcome)
    stop(row.id)
    if (hasEnded && !isOnlyProcess) await database.sql.execute(sql`select pg_notify(${ENDED_CHANNEL}, ${row.id})`)
  }

  const sweep = async ({ all = false } = {}): Promise<void> => {
    const { code, message, isRetryable } = processDied()
    for (const row of await store.findAbandoned(all)) await end(row, { status: 'FAILED', code, message, isRetryable })
  }

  const beat = async (): Promise<void> => {
    const watched = [...watchers.values()].map(({ key }) => key)
    if (running.size > 0) {
      const keys = [...running.values()].map(({ row }) => row)
      const alive = new Map((await store.renew(keys, watched)).map((renewed) => [renewed.id, renewed]))
      for (const { id } of keys) {
        const work = running.get(id)
        if (work === undefined) continue
        if (!alive.has(id)) work.abort.abort()
        else if (alive.get(id)?.isUnwatched === true) work.abort.abort()
      }
    }
    await store.touch(watched.filter(({ id }) => !running.has(id)))
    if (!isOnlyProcess) await sweep()
  }
  let beating: Promise<void> | null = null
  const timer = setInterval(() => {
    beating ??= beat()
      .catch((error: unknown) => logger.warn({ err: error }, 'the heartbeat of generations failed'))
      .then(() => {
        beating = null
      })
  }, beatMs)
  timer.unref()

  const watch = async function* (options: FollowOptions): AsyncGenerator<StreamEvent<GenerationEventPayload>> {
    const { workspaceId, id, after, signal } = options
    const key = { workspaceId, id }
    const watcher = watchers.get(id) ?? { key, count: 0 }
    watchers.set(id, watcher)
    watcher.count += 1
    try {
      await store.touch([key])
      yield* log.follow({ workspaceId, streamId: id, after: after ?? null, signal })
    } finally {
      watcher.count -= 1
      if (watcher.count === 0) {
        watchers.delete(id)
        // The grace time begins now, not with the last beat.
        await store.touch([key]).catch((error: unknown) => logger.warn({ err: error }, 'a watcher left unnoticed'))
      }
    }
  }

  return {
    async start(workspaceId, input, { isDetached }) {
      if (isClosed) throw new TributaryError('UPSTREAM_UNAVAILABLE', 'The models service is stopping. Try again.')
      const mistakes = checkGenerationInput(input)
      const model = await catalogue.find('CHAT', input.modelName)
      if (model === null) mistakes.push(await noSuchModel(catalogue, input.modelName))
      if (model === null || mistakes.length > 0) return { mistakes }
      const { provider: modelProvider, name: modelName } = model
      const row = await store.insert({ id: createId('gen'), workspaceId, modelProvider, modelName, isDetached })
      const abort = new AbortController()
      const openModel = (signal: AbortSignal) => catalogue.openChatModel(model, signal)
      const done = runGeneration({ row, input, openModel, store, log, signal: abort.signal, logger }).finally(() =>
        running.delete(row.id),
      )
      running.set(row.id, { row, abort, done })
      return { row, model }
    },

    async cancel(workspaceId, id) {
      const [known] = await store.findMany(workspaceId, [id])
      if (known === undefined) return { mistakes: [{ code: 'NOT_FOUND', message: NOT_FOUND, path: ['id'] }] }
      await end(known, { status: 'CANCELLED' }).catch(async (error: unknown) => {
        const work = running.get(id)
        if (work === undefined || !isTroubleOfStore(error)) throw error
        // Who runs it has its text, and ends it without the stream log.
        work.abort.abort()
        await work.done
      })
      const [row] = await store.findMany(workspaceId, [id])
      return { row: row ?? known }
    },

    findMany: store.findMany,
    textsSoFar: store.textsSoFar,

    async follow(options) {
      const { workspaceId, id } = options
      const [known] = await store.findMany(workspaceId, [id])
      if (known === undefined) throw new TributaryError('NOT_FOUND', NOT_FOUND, { path: ['id'] })
      // Nothing would ever come: the generation has ended and its stream is gone.
      if (!isActive(known.status) && !(await store.hasEvents(workspaceId, id))) throw eventsExpired()
      return watch(options)
    },

    sweep,

    async close() {
      isClosed = true
      clearInterval(timer)
      await beating
      const works = [...running.values()]
      for (const { abort } of works) abort.abort(processDied())
      await Promise.all(works.map(({ done }) => done))
      await listener.close()
    },
  }
}

const NOT_FOUND = 'There is no generation with this id in the workspace.'

const eventsExpired = () =>
  new TributaryError('NOT_FOUND', 'The events of this generation are no longer kept. Read the generation itself.', {
    path: ['id'],
  })

const processDied = () =>
  new TributaryError('PROCESS_DIED', 'The process that ran this generation ended. Start it again.')

async function noSuchModel(catalogue: ModelCatalogue, name: string | null): Promise<InputMistake> {
  const { models } = await catalogue.read()
  const chatModels = models
    .filter(({ capabilities, isAvailable }) => isAvailable && capabilities.includes('CHAT'))
    .map((model) => model.name)
  const known =
    chatModels.length === 0
      ? 'No chat model can be used now: run an Ollama with one and set OLLAMA_HOST, or see the log for why the embedded one is missing.'
      : `Name one of: ${chatModels.slice(0, 10).join(', ')}.`
  const what = name === null ? 'There is no default chat model.' : `There is no chat model "${name}".`
  return { code: 'MODEL_NOT_AVAILABLE', message: `${what} ${known}`, path: ['input', 'modelName'] }
}
