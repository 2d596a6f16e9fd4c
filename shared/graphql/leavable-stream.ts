// A stream whose consumer can leave while it is quiet. A generator queues `return()` behind its pending `next()`, so a stream that waits for
// its next event would never learn that nobody wants it: here leaving ends the work first, and the pending `next()` at once.

export interface LeavableStreamOptions {
  /** Ends the work behind the stream; called once, before the stream's own `return()`. */
  onLeave: () => void
  /** The stream failed in its `finally`, after its consumer had left. */
  onLateError: (error: unknown) => void
}

export function createLeavableStream<T>(
  stream: AsyncIterable<T>,
  options: LeavableStreamOptions,
): AsyncGenerator<T, void, void> {
  const iterator = stream[Symbol.asyncIterator]()
  const end = { done: true, value: undefined } as const
  let hasLeft = false
  // Not Promise.race: a promise that lives as long as the stream would keep something of every event.
  let endPending: (() => void) | undefined

  const leave = async () => {
    if (!hasLeft) {
      hasLeft = true
      options.onLeave()
      endPending?.()
      // Not waited for: that is the very thing a quiet stream does not answer.
      iterator.return?.().catch(options.onLateError)
    }
    return end
  }

  return {
    next() {
      if (hasLeft) return Promise.resolve(end)
      return new Promise((resolve, reject) => {
        endPending = () => resolve(end)
        iterator.next().then(({ done, value }) => resolve(done ? end : { done: false, value }), reject)
      })
    },
    return: leave,
    async throw(error) {
      await leave()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
    async [Symbol.asyncDispose]() {
      await leave()
    },
  }
}
