// How far a step is, told now and then: the work says it as often as it likes and never waits for it to be written. A step that is done
// within the first interval costs nothing.
import type { Progress } from './domain/item-state.ts'

export interface StepProgress extends AsyncDisposable {
  update(progress: Progress): void
}

/** At most four reports a second: enough to watch, and little for the database. */
const INTERVAL_MS = 250
/** What an `Int` of the API can say. */
const MOST_UNITS = 2 ** 31 - 1

export function createStepProgress(report: (progress: Progress) => Promise<unknown>): StepProgress {
  let latest: Progress | null = null
  let writing: Promise<unknown> | null = null
  const timer = setInterval(() => {
    if (latest === null || writing !== null) return
    const progress = latest
    latest = null
    // One that is lost costs nothing: the next one says more, and what is wrong with the database the step itself finds out.
    writing = report(progress)
      .catch(() => undefined)
      .finally(() => (writing = null))
  }, INTERVAL_MS)
  return {
    update(progress) {
      if ((progress.totalUnits ?? progress.completedUnits) <= MOST_UNITS) latest = progress
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await writing
    },
  }
}
