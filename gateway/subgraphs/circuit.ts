// Leaves a subgraph alone that fails again and again: fetches are refused at once until one of them may try whether it is well. Only
// failures of the subgraph count: not GraphQL errors, not callers who leave, not limits of the gateway's own.
import CircuitBreaker from 'opossum'
import { isCancellation } from '#shared/errors.ts'
import type { SubgraphSettings } from './settings.ts'
import { notAskedForNow, SubgraphFailure } from './subgraph-failure.ts'

export type CircuitState = 'closed' | 'open' | 'half-open'

export interface Circuit {
  /** What the work gives. Throws what it throws, and UPSTREAM_UNAVAILABLE while the subgraph is left alone. */
  run<Result>(work: () => Promise<Result>): Promise<Result>
  /** Throws UPSTREAM_UNAVAILABLE while the subgraph is left alone. */
  assertAsked(): void
  readonly state: CircuitState
  close(): void
}

const WINDOW_MS = 10_000
/** Fewer say too little about a subgraph. */
const MIN_FETCHES = 20

export function createCircuit(subgraph: string, settings: SubgraphSettings['circuit']): Circuit {
  const { failurePercent, resetMs } = settings
  let openedAt = 0
  const breaker: CircuitBreaker<[() => Promise<unknown>]> = new CircuitBreaker((work) => work(), {
    name: subgraph,
    timeout: false,
    errorThresholdPercentage: failurePercent,
    resetTimeout: resetMs,
    volumeThreshold: MIN_FETCHES,
    rollingCountTimeout: WINDOW_MS,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    // What is filtered counts as a success. A trial that its caller left has shown nothing, so the next one comes after another pause.
    errorFilter: (error: unknown): boolean =>
      breaker.halfOpen ? !isFailure(error) && !isCancellation(error) : !isFailure(error),
  })
  breaker.on('open', () => (openedAt = performance.now()))
  const refused = () => notAskedForNow(subgraph, openedAt + resetMs - performance.now())
  // In half-open state one trial is under way, or may begin.
  const isRefusing = () => breaker.opened || (breaker.halfOpen && !breaker.pendingClose)

  return {
    run<Result>(work: () => Promise<Result>): Promise<Result> {
      return isRefusing() ? Promise.reject(refused()) : (breaker.fire(work) as Promise<Result>)
    },
    assertAsked() {
      if (isRefusing()) throw refused()
    },
    get state() {
      return breaker.closed ? 'closed' : breaker.halfOpen ? 'half-open' : 'open'
    },
    close: () => breaker.shutdown(),
  }
}

const isFailure = (error: unknown): boolean => error instanceof SubgraphFailure && error.isOfSubgraph
