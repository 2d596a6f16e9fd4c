// Sends a query again when its failure is likely to pass: a connection that had been closed, or a subgraph that asks to come back later. Never
// longer than there is time, and never mutations, which may have been carried out.
import { setTimeout as delay } from 'node:timers/promises'
import { isTemporary, retryAfterMsOf, SubgraphFailure } from './subgraph-failure.ts'
import type { HttpAnswer } from './send.ts'

export interface RetryOptions {
  /** Further tries. */
  retries: number
  /** When the time is over, by `performance.now()`. */
  endsAt: number
  signal: AbortSignal
  /** Whether the subgraph is asked at all just now. */
  canAsk: () => boolean
}

const BACKOFF_MS = 100

export async function withRetries(attempt: () => Promise<HttpAnswer>, options: RetryOptions): Promise<HttpAnswer> {
  for (let tries = 0; ; tries++) {
    let outcome: HttpAnswer | undefined
    let failure: unknown
    try {
      outcome = await attempt()
      if (!isTemporary(outcome.status)) return outcome
    } catch (error) {
      failure = error
    }
    const waitMs = tries < options.retries ? waitBefore(outcome, failure, tries) : undefined
    const canRetry =
      waitMs !== undefined && !options.signal.aborted && performance.now() + waitMs < options.endsAt && options.canAsk()
    if (!canRetry) {
      if (outcome) return outcome
      throw failure
    }
    await delay(waitMs, undefined, { signal: options.signal }).catch(() => {
      throw options.signal.reason
    })
  }
}

/** In milliseconds; undefined where another try would not help. */
function waitBefore(outcome: HttpAnswer | undefined, failure: unknown, tries: number): number | undefined {
  // Spread out, so that many callers do not come back together.
  const backoffMs = Math.random() * BACKOFF_MS * 2 ** tries
  if (outcome) return (retryAfterMsOf(outcome.headers['retry-after']) ?? 0) + backoffMs
  if (!(failure instanceof SubgraphFailure)) return undefined
  switch (failure.again) {
    case 'at once':
      return 0
    case 'later':
      return (failure.retryAfterMs ?? 0) + backoffMs
    case 'never':
      return undefined
  }
}
