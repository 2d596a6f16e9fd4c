import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  beginStep,
  cancelItem,
  failStep,
  finalJobStatus,
  hasEnded,
  newItemState,
  nextStep,
  postponeStep,
  progressStep,
  retryItem,
  STEP_NAMES,
  stepOf,
  succeedStep,
  type ItemChange,
  type ItemState,
  type StepName,
} from './item-state.ts'

const AT = '2026-01-01T00:00:00.000Z'
const ERROR = { code: 'MODEL_NOT_AVAILABLE', message: 'No model.', isRetryable: true }
const item = (state: ItemState) => ({ id: 'item_1', state })

/** Applies a change that must be possible. */
const after = (change: ItemChange | null): ItemState => {
  expect(change).not.toBeNull()
  return change!.state
}

function succeedUpTo(last: StepName): ItemState {
  let state = newItemState()
  for (const name of STEP_NAMES.slice(0, STEP_NAMES.indexOf(last) + 1)) {
    state = after(beginStep(state, name, AT))
    state = after(succeedStep(item(state), name, AT))
  }
  return state
}

test('an item succeeds when its last step does', () => {
  expect(succeedUpTo('LINK').status).toBe('RUNNING')
  expect(succeedUpTo('CHECK').status).toBe('SUCCEEDED')
  expect(nextStep(succeedUpTo('CHECK'))).toBeNull()
})

test('a report that a later step is done ends the steps before it, each with its event', () => {
  const change = succeedStep(item(succeedUpTo('CLEAN')), 'INDEX', AT)!
  expect(change.events.map((event) => event.step.name)).toEqual(['CHUNK', 'EMBED', 'INDEX'])
  expect(succeedStep(item(change.state), 'CHUNK', AT)).toBeNull()
})

test('progress begins a step once and counts one attempt', () => {
  const first = progressStep(item(succeedUpTo('CHUNK')), 'EMBED', { completedUnits: 1, totalUnits: 4 }, AT)!
  const second = progressStep(item(first.state), 'EMBED', { completedUnits: 2, totalUnits: 4 }, AT)!
  expect(stepOf(second.state, 'EMBED')).toMatchObject({ status: 'RUNNING', attemptCount: 1 })
  expect(second.events).toMatchObject([{ type: 'step-progressed', completedUnits: 2, totalUnits: 4 }])
})

test('a step keeps how far it came, is complete when it succeeds, and starts anew when it is tried again', () => {
  const half = { completedUnits: 2, totalUnits: 4 }
  const running = progressStep(item(succeedUpTo('CHUNK')), 'EMBED', half, AT)!.state
  expect(stepOf(running, 'EMBED').progress).toEqual(half)
  const whole = { completedUnits: 4, totalUnits: 4 }
  expect(stepOf(after(succeedStep(item(running), 'EMBED', AT)), 'EMBED').progress).toEqual(whole)
  expect(stepOf(after(succeedStep(item(running), 'INDEX', AT, whole)), 'INDEX').progress).toEqual(whole)
  const failed = after(failStep(item(running), 'EMBED', ERROR, AT))
  expect(stepOf(failed, 'EMBED').progress).toEqual(half)
  const retried = retryItem(failed)!.state
  expect(stepOf(retried, 'EMBED').progress).toBeNull()
  const again = after(beginStep(after(postponeStep(running, 'EMBED', ERROR)), 'EMBED', AT))
  expect(stepOf(again, 'EMBED').progress).toBeNull()
})

test('a postponed step shows its error, waits, and counts the next attempt', () => {
  const running = after(beginStep(newItemState(), 'FETCH', AT))
  const waiting = after(postponeStep(running, 'FETCH', ERROR))
  expect(stepOf(waiting, 'FETCH')).toMatchObject({ status: 'QUEUED', attemptCount: 1, error: ERROR })
  expect(stepOf(after(beginStep(waiting, 'FETCH', AT)), 'FETCH')).toMatchObject({ attemptCount: 2, error: null })
})

test('a retry goes on from the failed step and keeps what succeeded', () => {
  const failed = after(failStep(item(succeedUpTo('CHUNK')), 'EMBED', ERROR, AT))
  expect(failed).toMatchObject({ status: 'FAILED', error: ERROR })
  const retried = retryItem(failed)!
  expect(retried.from).toBe('EMBED')
  expect(retried.state.steps.map((step) => step.status)).toEqual([
    'SUCCEEDED',
    'SUCCEEDED',
    'SUCCEEDED',
    'SUCCEEDED',
    'QUEUED',
    'QUEUED',
    'QUEUED',
    'QUEUED',
  ])
  expect(stepOf(retried.state, 'EMBED').attemptCount).toBe(1)
})

test('what failed behind INDEX is retried from the chunks on: they have left the search index', () => {
  expect(retryItem(after(failStep(item(succeedUpTo('LINK')), 'CHECK', ERROR, AT)))?.from).toBe('CHUNK')
  expect(retryItem(after(failStep(item(succeedUpTo('INDEX')), 'LINK', ERROR, AT)))?.from).toBe('CHUNK')
})

test('only a failed item can be retried', () => {
  for (const state of [
    newItemState(),
    succeedUpTo('CHUNK'),
    succeedUpTo('CHECK'),
    after(cancelItem(item(newItemState()), AT)),
  ]) {
    expect(retryItem(state)).toBeNull()
  }
})

test('whatever is reported in whatever order, what has ended stays ended', () => {
  const name = fc.constantFrom(...STEP_NAMES)
  const report = fc.oneof(
    fc.record({ kind: fc.constant('begin' as const), name }),
    fc.record({ kind: fc.constant('succeed' as const), name }),
    fc.record({ kind: fc.constant('fail' as const), name }),
    fc.record({ kind: fc.constant('progress' as const), name }),
    fc.record({ kind: fc.constant('postpone' as const), name }),
    fc.record({ kind: fc.constant('cancel' as const), name }),
  )
  fc.assert(
    fc.property(fc.array(report, { maxLength: 40 }), (reports) => {
      let state = newItemState()
      const finished: string[] = []
      for (const { kind, name } of reports) {
        const change = {
          begin: () => beginStep(state, name, AT),
          succeed: () => succeedStep(item(state), name, AT),
          fail: () => failStep(item(state), name, ERROR, AT),
          progress: () => progressStep(item(state), name, { completedUnits: 1, totalUnits: null }, AT),
          postpone: () => postponeStep(state, name, ERROR),
          cancel: () => cancelItem(item(state), AT),
        }[kind]()
        if (!change) continue
        expect(hasEnded(state.status)).toBe(false)
        for (const step of STEP_NAMES) {
          if (hasEnded(stepOf(state, step).status)) expect(stepOf(change.state, step)).toEqual(stepOf(state, step))
        }
        finished.push(
          ...change.events.filter((event) => event.type === 'step-finished').map((event) => event.step.name),
        )
        state = change.state
      }
      // Watchers are told of the end of a step once.
      expect(new Set(finished).size).toBe(finished.length)
      expect(state.status === 'SUCCEEDED').toBe(state.steps.every((step) => step.status === 'SUCCEEDED'))
      expect(state.status === 'FAILED').toBe(state.error !== null)
    }),
  )
})

test('a job ends when its last item does, and says how its items fared', () => {
  const status = (completedItemCount: number, failedItemCount: number, cancelledItemCount: number) =>
    finalJobStatus({ itemCount: 3, completedItemCount, failedItemCount, cancelledItemCount })
  expect(status(2, 0, 0)).toBeNull()
  expect(status(3, 0, 0)).toBe('SUCCEEDED')
  expect(status(1, 2, 0)).toBe('PARTIALLY_SUCCEEDED')
  expect(status(0, 3, 0)).toBe('FAILED')
  expect(status(0, 1, 2)).toBe('FAILED')
  expect(status(0, 0, 3)).toBe('CANCELLED')
})
