import { expect, test } from 'vitest'
import { createOneAtATime } from './one-at-a-time.ts'

const never = new AbortController().signal

test('work under one key runs in order and never together, under two keys side by side', async () => {
  const oneAtATime = createOneAtATime()
  const events: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = oneAtATime('a', never, async () => {
    events.push('first begins')
    await gate.promise
    events.push('first ends')
  })
  const second = oneAtATime('a', never, async () => void events.push('second'))
  await oneAtATime('b', never, async () => void events.push('other'))
  gate.resolve()
  await Promise.all([first, second])
  expect(events).toEqual(['first begins', 'other', 'first ends', 'second'])
})

test('work that fails makes way for the next, and its caller is told', async () => {
  const oneAtATime = createOneAtATime()
  const failing = oneAtATime('a', never, () => Promise.reject(new Error('no')))
  const next = oneAtATime('a', never, async () => 'done')
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('done')
})

test('whoever waits leaves with the reason of the signal, and does not begin', async () => {
  const oneAtATime = createOneAtATime()
  const gate = Promise.withResolvers<void>()
  const controller = new AbortController()
  const reason = new Error('The caller left.')
  let hasBegun = false
  const first = oneAtATime('a', never, () => gate.promise)
  const second = oneAtATime('a', controller.signal, async () => void (hasBegun = true))
  controller.abort(reason)
  await expect(second).rejects.toBe(reason)
  gate.resolve()
  await first
  expect(await oneAtATime('a', never, async () => hasBegun)).toBe(false)
})
