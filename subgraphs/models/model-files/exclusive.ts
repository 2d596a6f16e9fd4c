// One process of the machine at a time: two that start together do not fetch the same model twice. A process that dies gives the lock up
// by falling silent.
import { mkdir } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { lock } from 'proper-lockfile'

/** A holder that has not refreshed its lock for so long is dead. */
const STALE_MS = 10_000
const RETRY_MS = 250

export interface ExclusiveOptions {
  /** Folder that stands for the guarded thing; made when missing. The lock lies beside it. */
  directory: string
  signal: AbortSignal
  /** Called once when another process holds the lock. */
  onWaiting?(): void
}

/** Runs `work` while no other process does for the same folder. Its signal also aborts when the lock is lost. */
export async function exclusively<Result>(
  { directory, signal, onWaiting }: ExclusiveOptions,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  await mkdir(directory, { recursive: true })
  const lost = new AbortController()
  const release = await acquire(directory, lost, signal, onWaiting)
  try {
    return await work(AbortSignal.any([signal, lost.signal]))
  } finally {
    if (!lost.signal.aborted) await release()
  }
}

async function acquire(
  directory: string,
  lost: AbortController,
  signal: AbortSignal,
  onWaiting: (() => void) | undefined,
): Promise<() => Promise<void>> {
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted()
    try {
      return await lock(directory, { stale: STALE_MS, realpath: false, onCompromised: (error) => lost.abort(error) })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ELOCKED')) throw error
      if (attempt === 0) onWaiting?.()
      await delay(RETRY_MS, undefined, { signal })
    }
  }
}
