// How many are under way, and what a failure leaves.
import { expect, test } from 'vitest'
import { batchesOf, eachInFlight, inTurns } from './in-flight.ts'

function openWork() {
  const begun: number[] = []
  const ends = new Map<number, PromiseWithResolvers<void>>()
  const work = (item: number) => {
    begun.push(item)
    ends.set(item, Promise.withResolvers<void>())
    return ends.get(item)!.promise
  }
  return { begun, work, end: (item: number) => ends.get(item)!.resolve(), ends }
}

test('no more than the limit are under way, and an item is made when there is room for it', async () => {
  const { begun, work, end } = openWork()
  const made: number[] = []
  const items = (async function* () {
    for (let item = 1; item <= 4; item += 1) {
      made.push(item)
      yield item
    }
  })()
  const all = eachInFlight(items, 2, work)
  await expect.poll(() => begun).toEqual([1, 2])
  expect(made).toEqual([1, 2])
  end(2)
  await expect.poll(() => begun).toEqual([1, 2, 3])
  expect(made).toEqual([1, 2, 3])
  end(1)
  end(3)
  await expect.poll(() => begun).toEqual([1, 2, 3, 4])
  end(4)
  await all
})

test('after a failure nothing is begun, and it is thrown when the others have ended', async () => {
  const { begun, work, end, ends } = openWork()
  const outcome = eachInFlight(inTurns([1, 2, 3], 1), 2, work).then(
    () => 'done',
    (error: unknown) => error,
  )
  await expect.poll(() => begun).toEqual([1, 2])
  const failure = new Error('The store is full.')
  ends.get(1)!.reject(failure)
  let isOver = false
  void outcome.then(() => (isOver = true))
  await new Promise((resolve) => setImmediate(resolve))
  expect(isOver).toBe(false)
  end(2)
  expect(await outcome).toBe(failure)
  expect(begun).toEqual([1, 2])
})

test('a failure of what makes the items is thrown when all that had begun has ended', async () => {
  const { begun, work, end } = openWork()
  const failure = new Error('This item cannot be made.')
  const outcome = eachInFlight(
    (async function* () {
      yield 1
      throw failure
    })(),
    2,
    work,
  ).catch((error: unknown) => error)
  await expect.poll(() => begun).toEqual([1])
  let isOver = false
  void outcome.then(() => (isOver = true))
  await new Promise((resolve) => setImmediate(resolve))
  expect(isOver).toBe(false)
  end(1)
  expect(await outcome).toBe(failure)
})

test('between turns the process goes on', async () => {
  const seen: (number | string)[] = []
  setImmediate(() => seen.push('something else'))
  for await (const item of inTurns([1, 2, 3, 4, 5], 2)) seen.push(item)
  expect(seen).toEqual([1, 2, 'something else', 3, 4, 5])
})

test('batches grow from the first one on until they are as long as they may be', async () => {
  const batches: number[] = []
  for await (const batch of batchesOf(inTurns(Array(30).keys(), 16), { items: 8, first: 3 })) batches.push(batch.length)
  expect(batches).toEqual([3, 6, 8, 8, 5])
})

test('a batch is as long as its limits let it be, and given as soon as it is full', async () => {
  let made = 0
  const items = (async function* () {
    for (const item of [3, 3, 3, 9, 1, 1]) {
      made += 1
      yield item
    }
  })()
  const batches: [batch: number[], made: number][] = []
  const limits = { items: 2, bytes: 8, bytesOf: (item: number) => item }
  for await (const batch of batchesOf(items, limits)) batches.push([batch, made])
  // The fourth is larger than a batch may be, and goes alone.
  expect(batches).toEqual([
    [[3, 3], 2],
    [[3], 4],
    [[9], 5],
    [[1, 1], 6],
  ])
})
