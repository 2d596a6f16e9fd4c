// The events of one subscription that its reader has not taken yet. They come from a socket that others are on as well, so it goes on being read
// however slow one reader is: what waits is bounded here, and nobody else waits for it.

/** Two adjacent ones as one, and how many bytes the second adds to the first; null where they have to stay two. */
export type MergeEvents<Event> = (earlier: Event, later: Event) => { event: Event; addedBytes: number } | null

export interface WaitingEventsOptions<Event> {
  merge: MergeEvents<Event>
  /** From how many bytes on those that wait are merged: what a subgraph sends at once is no sign of a slow reader. */
  mergeFromBytes: number
  /** About how many bytes one takes. Asked of those that have to wait. */
  sizeOf: (event: Event) => number
  /** Longest total of those that wait. The one that goes beyond it is not taken, nor any after it. */
  bytesMax: number
  /** Called then; what it gives is thrown behind those that wait. */
  onFull: () => unknown
}

export interface WaitingEvents<Event> {
  push(event: Event): void
  /** Behind those that wait. */
  end(): void
  fail(error: unknown): void
  /** The next one, once there is one. One reader at a time. Throws what the stream failed with. */
  next(): Promise<{ done: false; value: Event } | { done: true; value: undefined }>
}

type Outcome<Event> = Awaited<ReturnType<WaitingEvents<Event>['next']>>

export function createWaitingEvents<Event>(options: WaitingEventsOptions<Event>): WaitingEvents<Event> {
  const { merge, mergeFromBytes, sizeOf, bytesMax, onFull } = options
  const waiting: { event: Event; bytes: number }[] = []
  let bytes = 0
  let reader: PromiseWithResolvers<Outcome<Event>> | null = null
  let ending: { error?: unknown } | null = null

  const finish = (outcome: { error?: unknown }): void => {
    if (ending) return
    ending = outcome
    if (!reader) return
    if ('error' in outcome) reader.reject(outcome.error)
    else reader.resolve({ done: true, value: undefined })
    reader = null
  }

  return {
    push(event) {
      if (ending) return
      if (reader) {
        reader.resolve({ done: false, value: event })
        reader = null
        return
      }
      const last = waiting.at(-1)
      const merged = last && bytes >= mergeFromBytes ? merge(last.event, event) : null
      const size = merged ? merged.addedBytes : sizeOf(event)
      if (bytes + size > bytesMax) return finish({ error: onFull() })
      bytes += size
      if (last && merged) {
        last.event = merged.event
        last.bytes += size
      } else waiting.push({ event, bytes: size })
    },
    end: () => finish({}),
    fail: (error) => finish({ error }),
    async next() {
      const first = waiting.shift()
      if (first) {
        bytes -= first.bytes
        return { done: false, value: first.event }
      }
      if (ending) {
        if ('error' in ending) throw ending.error
        return { done: true, value: undefined }
      }
      reader = Promise.withResolvers()
      return reader.promise
    },
  }
}
