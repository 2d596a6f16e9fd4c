// Work on one thing after the other of a series, a few at once, and the making of the series in short turns: so that a store works on one batch while
// the next one is made, and whatever else the process has to do goes on.
import { setImmediate } from 'node:timers/promises'

/**
 * At most `limit` are under way. What makes the items is asked for the next one only when there is room for it, so that one is prepared while
 * others are at the store. The first failure ends it: nothing more is begun, and it is thrown when all that had begun has ended.
 */
export async function eachInFlight<Item>(
  items: AsyncIterable<Item>,
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>()
  const failures: unknown[] = []
  try {
    for await (const item of items) {
      const working = work(item).catch((error: unknown) => void failures.push(error))
      underWay.add(working)
      void working.finally(() => underWay.delete(working))
      while (underWay.size >= limit) await Promise.race(underWay)
      if (failures.length > 0) break
    }
  } finally {
    await Promise.all(underWay)
  }
  if (failures.length > 0) throw failures[0]
}

export interface BatchLimits<Item> {
  /** Most items of a batch. */
  items: number
  /** Most items of the first batch, so that the store has work early; of each one after it twice as many as before. Default: as many as of all. */
  first?: number
  /** Most bytes of a batch of more than one item, as `bytesOf` counts them. Default: any. */
  bytes?: number
  bytesOf?(item: Item): number
}

/** In order, each of at least one item. */
export async function* batchesOf<Item>(
  all: AsyncIterable<Item>,
  { items, first = items, bytes = Infinity, bytesOf = () => 0 }: BatchLimits<Item>,
): AsyncGenerator<Item[]> {
  let batch: Item[] = []
  let batchBytes = 0
  let most = Math.min(first, items)
  for await (const item of all) {
    const itemBytes = bytesOf(item)
    if (batch.length > 0 && batchBytes + itemBytes > bytes) {
      yield batch
      ;[batch, batchBytes] = [[], 0]
    }
    batch.push(item)
    batchBytes += itemBytes
    if (batch.length < most) continue
    yield batch
    most = Math.min(most * 2, items)
    ;[batch, batchBytes] = [[], 0]
  }
  if (batch.length > 0) yield batch
}

/** Ends the turn of whoever takes from it after every `count` items: what is under way is sent and received meanwhile. */
export async function* inTurns<Item>(items: Iterable<Item>, count: number): AsyncGenerator<Item> {
  let taken = 0
  for (const item of items) {
    if (taken > 0 && taken % count === 0) await setImmediate()
    taken += 1
    yield item
  }
}
