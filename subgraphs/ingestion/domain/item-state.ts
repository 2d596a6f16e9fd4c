// The states of an item and its eight steps, and every way they may change. Pure: callers lock the row, apply, and store the result.
// Reports may come twice, late, or out of order; what has ended stays ended.

export const STEP_NAMES = ['FETCH', 'EXTRACT', 'CLEAN', 'CHUNK', 'EMBED', 'INDEX', 'LINK', 'CHECK'] as const
export type StepName = (typeof STEP_NAMES)[number]

export type ItemStatus = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED'
export type JobStatus = ItemStatus | 'PARTIALLY_SUCCEEDED'

export interface ItemError {
  code: string
  message: string
  isRetryable: boolean
}

export interface Step {
  name: StepName
  status: ItemStatus
  /** RFC 3339. */
  startedAt: string | null
  finishedAt: string | null
  attemptCount: number
  error: ItemError | null
  /** Of the last attempt; null when it was not told. */
  progress: Progress | null
}

/** Bytes for FETCH, pages for EXTRACT, chunks for the later steps. */
export interface Progress {
  completedUnits: number
  /** Null while it is not known. */
  totalUnits: number | null
}

export interface ItemState {
  status: ItemStatus
  steps: Step[]
  error: ItemError | null
}

/** What watchers are told, as stored in the event stream. */
export type JobEvent =
  | { type: 'step-finished'; itemId: string; step: Step }
  | ({ type: 'step-progressed'; itemId: string; step: Step } & Progress)
  | { type: 'job-finished' }

export type ItemEvent = Exclude<JobEvent, { type: 'job-finished' }>

export interface ItemChange {
  state: ItemState
  events: ItemEvent[]
}

export const hasEnded = (status: ItemStatus): boolean =>
  status === 'SUCCEEDED' || status === 'FAILED' || status === 'CANCELLED'

export function newItemState(): ItemState {
  const steps = STEP_NAMES.map((name): Step => ({
    name,
    status: 'QUEUED',
    startedAt: null,
    finishedAt: null,
    attemptCount: 0,
    error: null,
    progress: null,
  }))
  return { status: 'QUEUED', steps, error: null }
}

export function stepOf(state: ItemState, name: StepName): Step {
  return state.steps[STEP_NAMES.indexOf(name)]!
}

/** The first step that is still to be done; null when all are. */
export function nextStep(state: ItemState): StepName | null {
  return state.steps.find((step) => step.status !== 'SUCCEEDED')?.name ?? null
}

/** Null when there is nothing to begin: the item has ended, or the step has. */
export function beginStep(state: ItemState, name: StepName, at: string): ItemChange | null {
  const step = stepOf(state, name)
  if (hasEnded(state.status) || hasEnded(step.status)) return null
  const begun: Step = {
    ...step,
    status: 'RUNNING',
    startedAt: at,
    finishedAt: null,
    attemptCount: step.attemptCount + 1,
    error: null,
    progress: null,
  }
  return { state: { ...state, status: 'RUNNING', steps: replace(state.steps, begun) }, events: [] }
}

/** `progress`: all there was to do; without it, what was told last is taken to be complete. */
export function succeedStep(
  item: { id: string; state: ItemState },
  name: StepName,
  at: string,
  progress: Progress | null = null,
): ItemChange | null {
  const { id, state } = item
  if (hasEnded(state.status) || hasEnded(stepOf(state, name).status)) return null
  const events: ItemEvent[] = []
  // Steps run one after the other: that this one is done says that those before it are, though their reports are still on their way.
  const last = STEP_NAMES.indexOf(name)
  const steps = state.steps.map((step, index) => {
    if (index > last || hasEnded(step.status)) return step
    const ended: Step = {
      ...step,
      status: 'SUCCEEDED',
      startedAt: step.startedAt ?? at,
      finishedAt: at,
      attemptCount: Math.max(1, step.attemptCount),
      error: null,
      progress: (index === last ? progress : null) ?? completed(step.progress),
    }
    events.push({ type: 'step-finished', itemId: id, step: ended })
    return ended
  })
  const status = steps.every((step) => step.status === 'SUCCEEDED') ? 'SUCCEEDED' : 'RUNNING'
  return { state: { status, steps, error: null }, events }
}

export function failStep(
  item: { id: string; state: ItemState },
  name: StepName,
  error: ItemError,
  at: string,
): ItemChange | null {
  const { id, state } = item
  const step = stepOf(state, name)
  if (hasEnded(state.status) || hasEnded(step.status)) return null
  const failed: Step = {
    ...step,
    status: 'FAILED',
    startedAt: step.startedAt ?? at,
    finishedAt: at,
    attemptCount: Math.max(1, step.attemptCount),
    error,
  }
  return {
    state: { status: 'FAILED', steps: replace(state.steps, failed), error },
    events: [{ type: 'step-finished', itemId: id, step: failed }],
  }
}

/** The step waits to be begun again, and shows why its last attempt failed. */
export function postponeStep(state: ItemState, name: StepName, error: ItemError): ItemChange | null {
  const step = stepOf(state, name)
  if (hasEnded(state.status) || hasEnded(step.status)) return null
  return { state: { ...state, steps: replace(state.steps, { ...step, status: 'QUEUED', error }) }, events: [] }
}

/** A step that another subgraph runs says that it runs, and how far it is. */
export function progressStep(
  item: { id: string; state: ItemState },
  name: StepName,
  progress: Progress | null,
  at: string,
): ItemChange | null {
  const { id } = item
  const isBegun = stepOf(item.state, name).status === 'RUNNING'
  const change = isBegun ? { state: item.state, events: [] } : beginStep(item.state, name, at)
  if (!change || hasEnded(item.state.status)) return null
  if (!progress) return isBegun ? null : change
  const step: Step = { ...stepOf(change.state, name), progress }
  return {
    state: { ...change.state, steps: replace(change.state.steps, step) },
    events: [{ type: 'step-progressed', itemId: id, step, ...progress }],
  }
}

export function cancelItem(item: { id: string; state: ItemState }, at: string): ItemChange | null {
  const { id, state } = item
  if (hasEnded(state.status)) return null
  const events: ItemEvent[] = []
  const steps = state.steps.map((step) => {
    if (step.status !== 'RUNNING') return step
    const cancelled: Step = { ...step, status: 'CANCELLED', finishedAt: at }
    events.push({ type: 'step-finished', itemId: id, step: cancelled })
    return cancelled
  })
  return { state: { ...state, status: 'CANCELLED', steps }, events }
}

/**
 * A failed item waits again: what succeeded stays, the failed step and those behind it are to be done. Attempts go on counting.
 * What INDEX wrote does not stay: the chunks of a failed document leave the search index.
 */
export function retryItem(state: ItemState): { state: ItemState; from: StepName } | null {
  const failed = state.status === 'FAILED' ? state.steps.findIndex((step) => step.status !== 'SUCCEEDED') : -1
  if (failed === -1) return null
  const from = failed > STEP_NAMES.indexOf('INDEX') ? STEP_NAMES.indexOf('CHUNK') : failed
  const steps = state.steps.map((step, index): Step =>
    index < from ? step : { ...step, status: 'QUEUED', startedAt: null, finishedAt: null, error: null, progress: null },
  )
  return { state: { status: 'QUEUED', steps, error: null }, from: STEP_NAMES[from]! }
}

export interface ItemCounts {
  itemCount: number
  completedItemCount: number
  failedItemCount: number
  cancelledItemCount: number
}

/** The final status of a job; null while an item has not ended. */
export function finalJobStatus(counts: ItemCounts): JobStatus | null {
  const { itemCount, completedItemCount, failedItemCount, cancelledItemCount } = counts
  if (completedItemCount + failedItemCount + cancelledItemCount < itemCount) return null
  if (completedItemCount === itemCount) return 'SUCCEEDED'
  if (completedItemCount > 0) return 'PARTIALLY_SUCCEEDED'
  return failedItemCount > 0 ? 'FAILED' : 'CANCELLED'
}

const completed = (progress: Progress | null): Progress | null =>
  progress && { ...progress, completedUnits: progress.totalUnits ?? progress.completedUnits }

function replace(steps: readonly Step[], changed: Step): Step[] {
  return steps.map((step) => (step.name === changed.name ? changed : step))
}
