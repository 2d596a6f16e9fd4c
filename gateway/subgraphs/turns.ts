// At most so many fetches of a subgraph at a time; the others wait in line, up to a bound, and leave it when nobody wants them any more. Of the gateway's
// own: with room, which is nearly always, a fetch costs no more than the counting.
import { queueFull } from './subgraph-failure.ts'

export interface Turns {
  /** Throws CAPACITY_EXCEEDED when the line is full, and the signal's reason when that is aborted meanwhile. */
  run<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result>
  readonly running: number
  readonly waiting: number
}

export function createTurns(subgraph: string, limits: { concurrency: number; queueLimit: number }): Turns {
  let running = 0
  /** First come, first served. */
  const line = new Set<() => void>()

  /** The turn goes to who is next, or back. */
  const end = (): void => {
    const [next] = line
    if (next === undefined) running -= 1
    else next()
  }
  const take = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work()
    } finally {
      end()
    }
  }

  return {
    run<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
      if (signal.aborted) return Promise.reject(signal.reason as Error)
      if (running < limits.concurrency) {
        running += 1
        return take(work)
      }
      if (line.size >= limits.queueLimit) return Promise.reject(queueFull(subgraph, limits.queueLimit))
      return new Promise<Result>((resolve, reject) => {
        const begin = (): void => {
          line.delete(begin)
          signal.removeEventListener('abort', leave)
          take(work).then(resolve, reject)
        }
        const leave = (): void => {
          line.delete(begin)
          reject(signal.reason as Error)
        }
        line.add(begin)
        signal.addEventListener('abort', leave, { once: true })
      })
    },
    get running() {
      return running
    },
    get waiting() {
      return line.size
    },
  }
}
