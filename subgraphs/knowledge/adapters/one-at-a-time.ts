// Work on one thing at a time: what is called under one key runs in the order of the calls, what is called under different keys side by side.
import PQueue from 'p-queue'

/** Whoever waits leaves with the reason of the signal when it aborts. */
export type OneAtATime = <Result>(key: string, signal: AbortSignal, work: () => Promise<Result>) => Promise<Result>

/** As many wait as there are callers: whoever calls bounds them. */
export function createOneAtATime(): OneAtATime {
  const queues = new Map<string, PQueue>()
  return async (key, signal, work) => {
    const queue = queues.get(key) ?? new PQueue({ concurrency: 1 })
    queues.set(key, queue)
    try {
      return await queue.add(work, { signal })
    } finally {
      if (queue.size + queue.pending === 0 && queues.get(key) === queue) queues.delete(key)
    }
  }
}
