// Durable messages over pg-boss, in the same database as the state they change: a message sent with the `transaction` that changes a row
// exists if and only if the change does. Delivery is at least once, so every handler is idempotent.
import { sql } from 'drizzle-orm'
import { randomUUID } from 'node:crypto'
import {
  fromDrizzle,
  fromPglite,
  PgBoss,
  type Db,
  type JobResult,
  type JobWithMetadata,
  type SendOptions as BossSendOptions,
} from 'pg-boss'
import type { z } from 'zod'
import { rowsOf, type Database, type SqlExecutor } from './database.ts'
import { ERROR_CATALOGUE, TributaryError, type ErrorCode } from './errors.ts'
import { databaseFailure } from './postgresql-failure.ts'

/** One kind of message: the queue it travels on, and the shape that is checked when it is sent and when it arrives. */
export interface MessageDefinition<Schema extends z.ZodType> {
  queue: string
  schema: Schema
  /** Nobody waits for one of them: they wake no worker, and those of about a second are handled together (`workGathered`). */
  isGathered: boolean
}

export function defineMessage<Schema extends z.ZodType>(
  queue: string,
  schema: Schema,
  { isGathered = false }: { isGathered?: boolean } = {},
): MessageDefinition<Schema> {
  return { queue, schema, isGathered }
}

export interface SendOptions {
  /** The transaction that changes the state this message speaks of. Without it the message is sent on its own. */
  transaction?: SqlExecutor
  /** Messages of one queue with the same key wait for each other in no order, but only one of them is queued at a time. */
  singletonKey?: string
  /** Earliest delivery, in seconds from now. Default 0. */
  startAfterSeconds?: number
}

export interface Delivery<Data> {
  data: Data
  /** 0 on the first delivery. */
  retryCount: number
  /** Aborted when the queue stops or the message ran out of time. */
  signal: AbortSignal
}

/** A message that no handler could finish before it had been delivered as often as it may be. */
export interface GivenUp<Data> {
  data: Data
  /** What the last delivery ended with, where that may be shown; null for what was no TributaryError, and for a process that died. */
  lastError: { code: ErrorCode; message: string } | null
}

export interface WorkOptions<Data = never> {
  /** Messages handled at the same time by this process. Default 1. */
  concurrency?: number
  /**
   * Says what becomes of a message that is given up. Called like a handler: until it does not throw, by any process that works on the queue.
   * Default: it is gone, and `onError` hears so.
   */
  onGivenUp?(givenUp: GivenUp<Data>): Promise<void>
}

export interface JobQueue {
  send<Schema extends z.ZodType>(
    message: MessageDefinition<Schema>,
    data: z.input<Schema>,
    options?: SendOptions,
  ): Promise<void>
  sendMany<Schema extends z.ZodType>(
    message: MessageDefinition<Schema>,
    data: readonly z.input<Schema>[],
    options?: SendOptions,
  ): Promise<void>
  /** A handler that throws has its message delivered again, later each time; one that returns has finished it. */
  work<Schema extends z.ZodType>(
    message: MessageDefinition<Schema>,
    options: WorkOptions<z.output<Schema>>,
    handler: (delivery: Delivery<z.output<Schema>>) => Promise<void>,
  ): Promise<void>
  /**
   * Hands over up to 100 messages at a time. A handler that throws gets each alone, so that one of them holds no other back, and those it throws
   * for again; where it throws what may be tried again, all of them.
   */
  workGathered<Schema extends z.ZodType>(
    message: MessageDefinition<Schema>,
    handler: (gathered: z.output<Schema>[]) => Promise<void>,
  ): Promise<void>
  /** Lets running handlers finish for at most `timeoutMs`, then leaves their messages to the next process. */
  close(): Promise<void>
}

export interface CreateJobQueueOptions {
  database: Database
  /** Queues that may be sent to or worked on; created at start. */
  messages: readonly MessageDefinition<z.ZodType>[]
  /**
   * True when this process is the only one on the database (standalone): messages that a killed predecessor had taken are given back
   * at once instead of after the heartbeat of 10 s.
   */
  isOnlyProcess: boolean
  /** Longest wait for running handlers at close, in milliseconds. Default 10,000. */
  closeTimeoutMs?: number
  /** Of the queue's own sessions on a PostgreSQL server. Default: 5, called `tributary-queue`. */
  server?: { poolSize: number; applicationName: string }
  onError: (error: Error) => void
}

/** A taken message whose worker has not been heard of for so long is delivered again. pg-boss allows no less than 10. */
const HEARTBEAT_SECONDS = 10
/**
 * A message is given up after so many deliveries: a week, with the longest delay. Handlers end hopeless work long before, by not throwing; what
 * is left waits for a store that is away.
 */
const RETRY_LIMIT = 20_000
const RETRY_DELAY_MAX_SECONDS = 30
/** Messages are given up seldom, and nobody waits for that. */
const GIVEN_UP_POLLING_SECONDS = 5
/** One delivery may take so long (a long document on a slow embedder); progress is checkpointed inside. */
const EXPIRE_SECONDS = 4 * 3600

/** Its statements touch a few rows; the longest, tidying up, takes seconds. A server that has stopped must not keep whoever sends. */
const SERVER_LIMITS = { connectionTimeoutMillis: 5_000, query_timeout: 60_000, keepAlive: true } as const

const QUEUE_OPTIONS = {
  policy: 'standard',
  notify: true,
  retryLimit: RETRY_LIMIT,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: RETRY_DELAY_MAX_SECONDS,
  expireInSeconds: EXPIRE_SECONDS,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  deleteAfterSeconds: 3600,
} as const

const WORKER_OPTIONS = {
  batchSize: 1,
  includeMetadata: true,
  pollingIntervalSeconds: 0.5,
  notifyPollingIntervalSeconds: 2,
  heartbeatRefreshSeconds: 3,
} as const

const GATHERED_WORKER_OPTIONS = {
  ...WORKER_OPTIONS,
  batchSize: 100,
  burstWhenBatchFull: true,
  pollingIntervalSeconds: 1,
  perJobResults: true,
} as const

export async function createJobQueue(options: CreateJobQueueOptions): Promise<JobQueue> {
  const { database } = options
  const boss = new PgBoss({
    ...(database.native.engine === 'pglite'
      ? { db: fromPglite(database.native.client), backend: 'pglite' as const }
      : {
          connectionString: database.native.url,
          max: options.server?.poolSize ?? 5,
          application_name: options.server?.applicationName ?? 'tributary-queue',
          ...SERVER_LIMITS,
        }),
    schema: 'queue',
    useListenNotify: true,
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 60,
    schedule: false,
  })
  boss.on('error', options.onError)
  await boss.start()
  for (const { queue, isGathered } of options.messages) {
    const notify = !isGathered
    const deadLetter = givenUpQueueOf(queue)
    await boss.createQueue(deadLetter, QUEUE_OPTIONS)
    await boss.createQueue(queue, { ...QUEUE_OPTIONS, notify, deadLetter })
    // One that was there keeps what it was made with.
    await boss.updateQueue(queue, { retryLimit: RETRY_LIMIT, notify, deadLetter })
    // pg-boss looks a queue up when it is first used, on its own connection: inside a transaction on PGlite that would never end.
    await boss.findJobs(queue, { id: randomUUID() })
  }
  if (options.isOnlyProcess) await giveBackTakenMessages(database, boss)

  const inTransaction = (send: SendOptions): { db?: Db } =>
    send.transaction ? { db: fromDrizzle(send.transaction as never, sql) } : {}
  const bossOptions = (send: SendOptions): BossSendOptions => ({
    ...inTransaction(send),
    ...(send.singletonKey === undefined ? {} : { singletonKey: send.singletonKey }),
    ...(send.startAfterSeconds === undefined ? {} : { startAfter: send.startAfterSeconds }),
  })

  /** What a message says; null, and told, when another version wrote it: no retry can mend it, and it must not block its queue. */
  function read<Schema extends z.ZodType>(message: MessageDefinition<Schema>, job: JobWithMetadata) {
    const parsed = message.schema.safeParse(job.data)
    if (parsed.success) return { data: parsed.data }
    options.onError(
      new TributaryError(
        'INTERNAL_SERVER_ERROR',
        `A message on ${message.queue} has an unknown shape: ${parsed.error.message}`,
      ),
    )
    return null
  }
  async function told<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      options.onError(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }

  async function workGivenUp<Schema extends z.ZodType>(
    message: MessageDefinition<Schema>,
    onGivenUp: (givenUp: GivenUp<z.output<Schema>>) => Promise<void>,
  ): Promise<void> {
    await boss.work<object, void, typeof GIVEN_UP_WORKER_OPTIONS>(
      givenUpQueueOf(message.queue),
      GIVEN_UP_WORKER_OPTIONS,
      async ([job]) => {
        const known = job && read(message, job)
        if (!known) return
        try {
          await told(() => onGivenUp({ data: known.data, lastError: shownError(job.output) }))
        } catch (error) {
          // What is thrown is kept with the message: the error of its last delivery has to stay.
          throw Object.assign(new Error('A message was given up.', { cause: error }), job.output)
        }
      },
    )
  }
  const onGivenUpByDefault = (message: MessageDefinition<z.ZodType>) => async () =>
    options.onError(givenUpUnhandled(message.queue))

  return {
    async send(message, data, sendOptions = {}) {
      await boss.send(message.queue, message.schema.parse(data) as object, bossOptions(sendOptions)).catch(rethrow)
    },
    async sendMany(message, data, sendOptions = {}) {
      if (data.length === 0) return
      const jobs = data.map((item) => ({ data: message.schema.parse(item) as object }))
      await boss.insert(message.queue, jobs, inTransaction(sendOptions)).catch(rethrow)
    },
    async work(message, workOptions, handler) {
      await workGivenUp(message, workOptions.onGivenUp ?? onGivenUpByDefault(message))
      // One worker each, instead of pg-boss's localConcurrency: only then are all their ids known.
      for (let index = 0; index < (workOptions.concurrency ?? 1); index += 1) {
        const workerId: string = await boss.work<object, void, typeof WORKER_OPTIONS>(
          message.queue,
          WORKER_OPTIONS,
          async ([job]) => {
            try {
              const known = job && read(message, job)
              if (known) await told(() => handler({ data: known.data, retryCount: job.retryCount, signal: job.signal }))
            } finally {
              // More may be waiting; without this the worker looks again only after its polling interval.
              boss.notifyWorker(workerId)
            }
          },
        )
      }
    },
    async workGathered(message, handler) {
      await workGivenUp(message, onGivenUpByDefault(message))
      await boss.work<object, unknown, typeof GATHERED_WORKER_OPTIONS>(
        message.queue,
        GATHERED_WORKER_OPTIONS,
        async (jobs): Promise<JobResult[]> => {
          const readable = jobs.flatMap((job) => {
            const known = read(message, job)
            return known ? [{ id: job.id, data: known.data }] : []
          })
          const failed = await failuresOf(readable, (gathered) => told(() => handler(gathered)))
          return jobs.map(({ id }): JobResult => {
            const output = failed.get(id)
            return output ? { id, status: 'failed', output } : { id, status: 'completed' }
          })
        },
      )
    },
    close: () => boss.stop({ graceful: true, timeout: options.closeTimeoutMs ?? 10_000 }),
  }
}

const GIVEN_UP_WORKER_OPTIONS = {
  ...WORKER_OPTIONS,
  pollingIntervalSeconds: GIVEN_UP_POLLING_SECONDS,
  notifyPollingIntervalSeconds: GIVEN_UP_POLLING_SECONDS,
} as const

/** What pg-boss calls a dead letter queue: it moves a message there with the delivery that was its last. */
const givenUpQueueOf = (queue: string): string => `${queue}.given-up`

const givenUpUnhandled = (queue: string) =>
  new TributaryError('INTERNAL_SERVER_ERROR', `A message on ${queue} was given up after ${RETRY_LIMIT} deliveries.`)

/** pg-boss keeps an error with all its properties. Only what was thrown on purpose has a message for others. */
function shownError(output: unknown): GivenUp<unknown>['lastError'] {
  const { name, code, message } = (output ?? {}) as Record<string, unknown>
  if (name !== 'TributaryError' || typeof code !== 'string' || typeof message !== 'string') return null
  return code in ERROR_CATALOGUE ? { code: code as ErrorCode, message } : null
}

/** By id, what those ended with that could not be handled. */
async function failuresOf<Data>(
  messages: readonly { id: string; data: Data }[],
  handle: (gathered: Data[]) => Promise<void>,
): Promise<Map<string, object>> {
  if (messages.length === 0) return new Map()
  try {
    await handle(messages.map(({ data }) => data))
    return new Map()
  } catch (error) {
    if (messages.length === 1 || (error instanceof TributaryError && error.isRetryable))
      return new Map(messages.map(({ id }) => [id, keptError(error)]))
    const alone = new Map<string, object>()
    for (const message of messages) for (const [id, kept] of await failuresOf([message], handle)) alone.set(id, kept)
    return alone
  }
}

/** As pg-boss keeps what a handler throws. */
function keptError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) }
  const { name, message, stack } = error
  return Object.assign({}, error, { name, message, stack })
}

function rethrow(error: unknown): never {
  throw databaseFailure(error) ?? error
}

/** Cancel and resume rather than fail: being killed is nobody's failed attempt, and must not lengthen the delay. */
async function giveBackTakenMessages(database: Database, boss: PgBoss): Promise<void> {
  const taken = await rowsOf<{ id: string; name: string }>(
    database.sql,
    sql`select id::text, name from queue.job where state = 'active'`,
  )
  for (const { id, name } of taken) {
    await boss.cancel(name, id)
    await boss.resume(name, id)
  }
}
