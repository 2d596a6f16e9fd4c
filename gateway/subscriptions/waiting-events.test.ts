import { expect, test } from 'vitest'
import { createWaitingEvents } from './waiting-events.ts'

/** Texts that begin with the same letter merge; each takes as many bytes as it has characters. */
function open({ bytesMax = 100, mergeFromBytes = 0 } = {}) {
  const full: number[] = []
  const waiting = createWaitingEvents<string>({
    merge: (earlier, later) => (earlier[0] === later[0] ? { event: earlier + later, addedBytes: later.length } : null),
    mergeFromBytes,
    sizeOf: ({ length }) => length,
    bytesMax,
    onFull() {
      full.push(1)
      return new Error('full')
    },
  })
  const take = async () => (await waiting.next()).value
  return { waiting, take, full }
}

test('a reader who keeps up gets each event as it is', async () => {
  const { waiting, take } = open({ bytesMax: 0 })
  for (const event of ['a1', 'a2']) {
    const taken = take()
    waiting.push(event)
    expect(await taken).toBe(event)
  }
})

test('adjacent events that wait are merged where they may be, and stay in order', async () => {
  const { waiting, take } = open()
  for (const event of ['a1', 'a2', 'b1', 'a3', 'a4']) waiting.push(event)
  waiting.end()
  expect([await take(), await take(), await take(), await take(), await take()]).toEqual([
    'a1a2',
    'b1',
    'a3a4',
    undefined,
    undefined,
  ])
})

test('few bytes wait as the events that they came in', async () => {
  const { waiting, take } = open({ mergeFromBytes: 4 })
  for (const event of ['a1', 'a2', 'a3', 'a4']) waiting.push(event)
  waiting.end()
  expect([await take(), await take(), await take()]).toEqual(['a1', 'a2a3a4', undefined])
})

test('what was taken is merged with nothing, and makes room', async () => {
  const { waiting, take, full } = open({ bytesMax: 4 })
  waiting.push('a1')
  waiting.push('a2')
  expect(await take()).toBe('a1a2')
  waiting.push('a3')
  waiting.push('b4')
  expect([await take(), await take(), full]).toEqual(['a3', 'b4', []])
})

test('beyond its bytes nothing more is taken: what waits is given out, then the reason, for ever', async () => {
  const { waiting, take, full } = open({ bytesMax: 5 })
  for (const event of ['a1', 'a2', 'a3', 'b', 'c']) waiting.push(event)
  waiting.end()
  waiting.fail(new Error('later'))
  expect(full).toEqual([1])
  expect(await take()).toBe('a1a2')
  await expect(take()).rejects.toThrow('full')
  await expect(take()).rejects.toThrow('full')
})

test('a reader who waits is told of the end, and of a failure', async () => {
  const [ended, failed] = [open(), open()]
  const [end, failure] = [ended.waiting.next(), failed.waiting.next()]
  ended.waiting.end()
  failed.waiting.fail(undefined)
  expect(await end).toEqual({ done: true, value: undefined })
  await expect(failure).rejects.toBeUndefined()
  await expect(failed.take()).rejects.toBeUndefined()
})
