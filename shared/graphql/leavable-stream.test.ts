import { once } from 'node:events'
import { expect, test } from 'vitest'
import { createLeavableStream } from './leavable-stream.ts'

const unexpected = (error: unknown) => {
  throw error
}

test('who leaves a quiet stream ends its work, then the stream, and waits for neither', async () => {
  const work = new AbortController()
  const steps: string[] = []
  async function* quiet() {
    try {
      yield 1
      await once(work.signal, 'abort')
      steps.push('work ended')
      yield 2
    } finally {
      steps.push('cleaned up')
      finished.resolve()
    }
  }
  const finished = Promise.withResolvers<void>()
  const stream = createLeavableStream(quiet(), { onLeave: () => work.abort(), onLateError: unexpected })
  expect(await stream.next()).toEqual({ done: false, value: 1 })
  const pending = stream.next()
  expect(await stream.return()).toEqual({ done: true, value: undefined })
  expect(await pending).toEqual({ done: true, value: undefined })
  await finished.promise
  expect(steps).toEqual(['work ended', 'cleaned up'])
  expect(await stream.next()).toEqual({ done: true, value: undefined })
})

test('a stream that ignores the end of its work cannot hold its consumer', async () => {
  const stream = createLeavableStream(
    { [Symbol.asyncIterator]: () => ({ next: () => new Promise<IteratorResult<number>>(() => {}) }) },
    { onLeave: () => {}, onLateError: unexpected },
  )
  const pending = stream.next()
  await stream.return()
  expect(await pending).toEqual({ done: true, value: undefined })
})

test('events, the end and a failure pass unchanged while the consumer is there', async () => {
  async function* failing() {
    yield 'a'
    throw new Error('broken')
  }
  const seen: string[] = []
  const reading = (async () => {
    for await (const event of createLeavableStream(failing(), { onLeave: () => {}, onLateError: unexpected }))
      seen.push(event)
  })()
  await expect(reading).rejects.toThrow('broken')
  expect(seen).toEqual(['a'])
})

test('a failure after the consumer left goes to onLateError, once', async () => {
  async function* failing() {
    try {
      yield 1
    } finally {
      // oxlint-disable-next-line no-unsafe-finally -- the failure under test
      throw new Error('late')
    }
  }
  const late = Promise.withResolvers<unknown>()
  const stream = createLeavableStream(failing(), { onLeave: () => {}, onLateError: late.resolve })
  await stream.next()
  await stream.return()
  expect(await late.promise).toMatchObject({ message: 'late' })
})
