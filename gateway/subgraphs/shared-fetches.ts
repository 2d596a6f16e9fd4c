// Equal queries that are under way at the same time are fetched once. Each caller waits for as long as they want to; the fetch goes on
// until the last of them has left.
import { clientLeft } from './subgraph-failure.ts'

export interface Caller {
  signal: AbortSignal
  /** When the caller's time is over, by `performance.now()`. */
  deadline: number
  /** What the caller gets then. */
  outOfTime: () => Error
}

export interface FetchLimits {
  /** When the fetch is given up whoever waits, by `performance.now()`. */
  endsAt: number
  timedOut: () => Error
  /** Whether that is only because of the time of the caller it is made for; then it does for no caller who has more. */
  isCutShort: boolean
}

export interface SharedFetches<Answer> {
  /** `key` null: not shared with anyone. */
  fetch(
    key: string | null,
    caller: Caller,
    limits: FetchLimits,
    start: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer>
}

export function createSharedFetches<Answer>(): SharedFetches<Answer> {
  const underWay = new Map<string, Fetch<Answer>>()
  return {
    fetch(key, caller, limits, start) {
      if (caller.signal.aborted) return Promise.reject(clientLeft(caller.signal.reason))
      const running = key === null ? undefined : underWay.get(key)
      if (running?.suits(caller)) return running.join(caller)
      const started = new Fetch(limits, start, () => {
        if (key !== null && underWay.get(key) === started) underWay.delete(key)
      })
      if (key !== null) underWay.set(key, started)
      return started.join(caller)
    },
  }
}

class Fetch<Answer> {
  readonly #limits: FetchLimits
  readonly #controller = new AbortController()
  readonly #answer: Promise<Answer>
  readonly #onEnd: () => void
  #callers = 0

  constructor(limits: FetchLimits, start: (signal: AbortSignal) => Promise<Answer>, onEnd: () => void) {
    this.#limits = limits
    this.#onEnd = onEnd
    const timer = setTimeout(
      () => this.#controller.abort(limits.timedOut()),
      Math.max(0, Math.ceil(limits.endsAt - performance.now())),
    )
    const end = () => {
      clearTimeout(timer)
      onEnd()
    }
    this.#answer = start(this.#controller.signal)
    this.#answer.then(end, end)
  }

  suits(caller: Caller): boolean {
    return !this.#limits.isCutShort || caller.deadline <= this.#limits.endsAt
  }

  join(caller: Caller): Promise<Answer> {
    this.#callers++
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined
      const stopWaiting = () => {
        clearTimeout(timer)
        caller.signal.removeEventListener('abort', leave)
      }
      const leave = () => this.#leave(stopWaiting, reject, clientLeft(caller.signal.reason))
      caller.signal.addEventListener('abort', leave)
      if (caller.deadline < this.#limits.endsAt)
        timer = setTimeout(
          () => this.#leave(stopWaiting, reject, caller.outOfTime()),
          Math.max(0, Math.ceil(caller.deadline - performance.now())),
        )
      this.#answer.then(
        (answer) => {
          stopWaiting()
          resolve(answer)
        },
        (error: unknown) => {
          stopWaiting()
          reject(error)
        },
      )
    })
  }

  #leave(stopWaiting: () => void, reject: (reason: Error) => void, reason: Error): void {
    stopWaiting()
    reject(reason)
    this.#callers--
    if (this.#callers > 0) return
    // Nobody joins what is being ended.
    this.#onEnd()
    this.#controller.abort(reason)
  }
}
