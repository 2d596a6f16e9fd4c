// Work on a store that may be away for a while: tried again until it is back. Only for work that may be done twice.
import { setTimeout } from 'node:timers/promises'
import { isTroubleOfStore } from '#shared/errors.ts'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000

export interface ThroughTroubleOptions {
  /** How long it is tried again after its first failure, in milliseconds. */
  patienceMs: number
  /** Aborted: not tried again. */
  signal: AbortSignal
  /** Called for the first failure that is waited through. */
  onTrouble?: (error: unknown) => void
}

/** Throws what the last try threw. */
export async function throughTroubleOfStore<Result>(
  work: () => Promise<Result>,
  { patienceMs, signal, onTrouble }: ThroughTroubleOptions,
): Promise<Result> {
  let failedAt: number | null = null
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await work()
    } catch (error) {
      if (!isTroubleOfStore(error)) throw error
      if (failedAt === null && patienceMs > 0) onTrouble?.(error)
      failedAt ??= performance.now()
      const leftMs = patienceMs - (performance.now() - failedAt)
      if (leftMs <= 0) throw error
      await setTimeout(Math.min(pauseMs * (0.5 + Math.random() / 2), leftMs), undefined, { signal }).catch(() => {
        throw error
      })
    }
  }
}
