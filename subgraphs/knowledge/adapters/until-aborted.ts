// A call of a driver that cannot be stopped ends for its caller when the caller's signal does; what it had begun goes on unwatched.

/** Rejects with the signal's reason as soon as it aborts; work that is not begun by then is not begun at all. */
export async function untilAborted<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
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
