// Calls to a store in another process: each ends with its caller's signal, with its time limit, or when the store is closed, whichever comes first.
import { untilAborted } from '#shared/abortable.ts'
import type { TributaryError } from '#shared/errors.ts'

export interface CallTimeouts {
  /** Longest time for a call that only reads, in milliseconds. Default 10,000. */
  readMs?: number
  /** Longest time for a call that writes, in milliseconds. Default 60,000. */
  writeMs?: number
}

type Work<Result> = (limit: AbortSignal) => Promise<Result>

export interface LimitedCalls {
  timeouts: Required<CallTimeouts>
  read<Result>(signal: AbortSignal, work: Work<Result>): Promise<Result>
  write<Result>(signal: AbortSignal, work: Work<Result>): Promise<Result>
  /** Ends every call under way; later ones fail. */
  close(): void
}

export interface LimitedCallsOptions {
  timeouts: CallTimeouts | undefined
  /** What a failure is for the platform. Not asked when the caller left: then the signal's reason is thrown. */
  typed(error: unknown): TributaryError
}

export function createLimitedCalls({ timeouts: given, typed }: LimitedCallsOptions): LimitedCalls {
  const { readMs = 10_000, writeMs = 60_000 } = given ?? {}
  const closing = new AbortController()

  async function within<Result>(timeoutMs: number, signal: AbortSignal, work: Work<Result>): Promise<Result> {
    signal.throwIfAborted()
    const limit = AbortSignal.any([signal, closing.signal, AbortSignal.timeout(timeoutMs)])
    try {
      return await untilAborted(() => work(limit), limit)
    } catch (error) {
      signal.throwIfAborted()
      throw typed(error)
    }
  }

  return {
    timeouts: { readMs, writeMs },
    read: (signal, work) => within(readMs, signal, work),
    write: (signal, work) => within(writeMs, signal, work),
    close: () => closing.abort(new Error('The vector store is closed.')),
  }
}
