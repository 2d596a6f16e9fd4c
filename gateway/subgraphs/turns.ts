// At most so many fetches of a subgraph at a time; the others wait in line, up to a bound, and leave it when nobody wants them any more.
import PQueue from 'p-queue'
import { queueFull } from './subgraph-failure.ts'

export interface Turns {
  /** Throws CAPACITY_EXCEEDED when the line is full, and the signal's reason when that is aborted meanwhile. */
  run<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result>
  readonly running: number
  readonly waiting: number
}

export function createTurns(subgraph: string, limits: { concurrency: number; queueLimit: number }): Turns {
  const queue = new PQueue({ concurrency: limits.concurrency })
  return {
    run(work, signal) {
      if (queue.pending >= limits.concurrency && queue.size >= limits.queueLimit)
        return Promise.reject(queueFull(subgraph, limits.queueLimit))
      return queue.add(work, { signal })
    },
    get running() {
      return queue.pending
    },
    get waiting() {
      return queue.size
    },
  }
}
