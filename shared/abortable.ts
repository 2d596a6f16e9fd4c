// Work that ends with a signal: at once, also while whoever it waits for is silent.
import { Readable } from 'node:stream'

/** The values of the source. Throws the signal's reason as soon as it is aborted; the source is then left without waiting for it. */
export async function* abortable<Value>(source: AsyncIterable<Value>, signal?: AbortSignal): AsyncGenerator<Value> {
  const iterator = source[Symbol.asyncIterator]()
  // Each step has a promise of its own: one for all, raced against, would keep every value of the source alive.
  let refuse: ((reason: unknown) => void) | undefined
  const onAbort = () => refuse?.(signal!.reason)
  signal?.addEventListener('abort', onAbort)
  let isDone = false
  try {
    for (;;) {
      signal?.throwIfAborted()
      const result = await new Promise<IteratorResult<Value>>((resolve, reject) => {
        refuse = reject
        iterator.next().then(resolve, reject)
      })
      if (result.done) {
        isDone = true
        return
      }
      yield result.value
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    // Not awaited: a generator that waits for a silent source ends only with that.
    if (!isDone) iterator.return?.().catch(() => undefined)
  }
}

/** What the work gives, or the signal's reason as soon as it is aborted. What had begun is then left to itself, what had not is not begun. */
export async function untilAborted<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
  if (!signal) return work()
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work(), aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** A stream of bytes that is opened when it is read first. Its source's signal is aborted by the caller's and when the stream is closed. */
export function readableOf(
  open: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Readable {
  const closed = new AbortController()
  const combined = signal ? AbortSignal.any([signal, closed.signal]) : closed.signal
  async function* parts() {
    yield* abortable(open(combined), combined)
  }
  return Readable.from(parts(), { objectMode: false }).once('close', () => closed.abort())
}
