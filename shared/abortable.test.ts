import { expect, test, vi } from 'vitest'
import { untilAborted } from './abortable.ts'

const reason = new Error('The caller left.')

test('work that does not end is left when the caller leaves, with the reason of the caller', async () => {
  const controller = new AbortController()
  const left = untilAborted(() => new Promise<never>(() => undefined), controller.signal)
  controller.abort(reason)
  await expect(left).rejects.toBe(reason)
})

test('work is not begun for a caller who has left, and its outcome is that of the call for one who stays', async () => {
  const work = vi.fn(async () => 'done')
  await expect(untilAborted(work, AbortSignal.abort(reason))).rejects.toBe(reason)
  expect(work).not.toHaveBeenCalled()
  const { signal } = new AbortController()
  expect(await untilAborted(work, signal)).toBe('done')
  expect(await untilAborted(work)).toBe('done')
  const failure = new Error('The store failed.')
  await expect(untilAborted(() => Promise.reject(failure), signal)).rejects.toBe(failure)
})
