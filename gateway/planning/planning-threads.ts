// Plans are made in a thread of their own: planning computes for as long as an operation asks for, and the gateway would answer nobody meanwhile.
// One thread does it; another comes only while the first is busy for long. A planning over its budget ends its thread, and another takes its place.
import pLimit from 'p-limit'
import { Piscina } from 'piscina'
import { TributaryError } from '#shared/errors.ts'
import type { LoadedSupergraph } from '../supergraph/load-supergraph.ts'
import type { PlanRequest } from './build-plan.ts'
import type { PlanningBegins, PlanningTask } from './planning-thread-entry.ts'

export interface PlanningThreadsOptions {
  /** Longest time for one planning, its wait not counted, in milliseconds. Default 10,000. */
  timeoutMs?: number | undefined
  /** Plannings that may wait for their turn. Default 1,000. */
  queueLimit?: number
  /** Heap of a thread, in MiB. Default 1,024. */
  memoryLimitMb?: number
  /** The module that a thread runs. Default: planning-thread-entry.ts. */
  entry?: URL
}

export interface Planner {
  /** Once plans can be made. Throws CONFIGURATION_INVALID for a supergraph that cannot be planned over. */
  ready(): Promise<void>
  /**
   * The plan as JSON. Whether it is still wanted is asked when its turn comes; one that is under way is finished, for whoever asks next. Throws
   * PLANNING_LIMIT_EXCEEDED, CAPACITY_EXCEEDED, or CANCELLED.
   */
  plan(request: PlanRequest, isWanted: () => boolean): Promise<string>
}

export interface PlanningThreads {
  over(supergraph: Pick<LoadedSupergraph, 'id' | 'sdl'>): Planner
  /** Ends all threads; what they do is given up. Doing it again does nothing. */
  close(): Promise<void>
}

const TIMEOUT_MS = 10_000
const QUEUE_LIMIT = 1000
const MEMORY_LIMIT_MB = 1024
/** After so long another thread takes over what waits, in milliseconds. */
const LONG_MS = 250
/** How long the second thread stays without work, in milliseconds. */
const IDLE_MS = 30_000

export function createPlanningThreads(options: PlanningThreadsOptions = {}): PlanningThreads {
  const { timeoutMs = TIMEOUT_MS, queueLimit = QUEUE_LIMIT, memoryLimitMb = MEMORY_LIMIT_MB } = options
  const { entry = new URL('./planning-thread-entry.ts', import.meta.url) } = options
  const pool = new Piscina<PlanningTask, string>({
    filename: entry.href,
    name: 'default',
    minThreads: 1,
    maxThreads: 2,
    idleTimeout: IDLE_MS,
    resourceLimits: { maxOldGenerationSizeMb: memoryLimitMb },
  })
  // A thread that dies while idle is replaced; without a listener its error would end the process.
  pool.on('error', () => undefined)
  const begun = new Map<number, () => void>()
  pool.on('message', ({ begins }: PlanningBegins) => begun.get(begins)?.())
  // Not the queue of the pool: what waits there may be with a thread already, which would have to be ended to be rid of it.
  const inTurn = pLimit(1)
  let lastId = 0
  let longCount = 0
  let isClosed = false

  async function run(task: Omit<PlanningTask, 'id'>): Promise<string> {
    if (isClosed) throw closed()
    const id = ++lastId
    const overtime = new AbortController()
    let budget: NodeJS.Timeout | undefined
    let isLong = false
    const long = setTimeout(() => {
      isLong = true
      inTurn.concurrency = Math.min(2, ++longCount + 1)
    }, LONG_MS)
    begun.set(id, () => (budget = setTimeout(() => overtime.abort(), timeoutMs)))
    try {
      return await pool.run({ ...task, id }, { signal: overtime.signal })
    } catch (error) {
      if (isClosed) throw closed()
      if (overtime.signal.aborted) throw tooLong(timeoutMs)
      if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') throw tooLarge(memoryLimitMb, error)
      throw error
    } finally {
      begun.delete(id)
      clearTimeout(budget)
      clearTimeout(long)
      if (isLong) inTurn.concurrency = Math.min(2, --longCount + 1)
    }
  }

  return {
    over({ id: supergraphId, sdl: text }) {
      const bytes = Buffer.from(text)
      const sdl = new SharedArrayBuffer(bytes.length)
      new Uint8Array(sdl).set(bytes)
      return {
        async ready() {
          try {
            await inTurn(() => run({ supergraphId, sdl, request: null }))
          } catch (cause) {
            if (cause instanceof TributaryError) throw cause
            throw new TributaryError(
              'CONFIGURATION_INVALID',
              `No operation can be planned over the supergraph: ${cause instanceof Error ? cause.message : String(cause)}`,
              { cause },
            )
          }
        },
        async plan(request, isWanted) {
          if (inTurn.pendingCount >= queueLimit) throw queueFull(queueLimit)
          return inTurn(() => {
            if (!isWanted()) throw closed()
            return run({ supergraphId, sdl, request })
          })
        },
      }
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await pool.destroy()
    },
  }
}

const tooLong = (timeoutMs: number) =>
  new TributaryError(
    'PLANNING_LIMIT_EXCEEDED',
    `This operation takes longer than ${timeoutMs} ms to plan (TRIBUTARY_GATEWAY_PLANNING_TIMEOUT_MS). Ask for less in one operation: split it, or nest it less deeply.`,
  )

const tooLarge = (memoryLimitMb: number, cause: unknown) =>
  new TributaryError(
    'PLANNING_LIMIT_EXCEEDED',
    `This operation needs more than ${memoryLimitMb} MiB to be planned. Ask for less in one operation: split it, or nest it less deeply.`,
    { cause },
  )

const queueFull = (limit: number) =>
  new TributaryError('CAPACITY_EXCEEDED', `${limit} operations wait to be planned already. Try again in a moment.`)

const closed = () => new TributaryError('CANCELLED', 'The operation was not planned: nobody waits for it any more.')
