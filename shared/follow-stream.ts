// Following, the same on every store: read pages behind a position, hand them out, and wait for a wake-up when there is no more. What is
// read is checked to be exactly what comes next, so that a loss in the store is an error and never a silent gap.
import pLimit from 'p-limit'
import {
  cursorInvalid,
  eventsGone,
  formatCursor,
  parseCursor,
  streamKeyOf,
  type StreamEvent,
  type StreamLog,
} from './stream-log.ts'

/** Pages that are read at the same time; further reads wait. */
const CONCURRENT_READS = 32

export interface StoredEvent<Payload> {
  sequence: number
  occurredAt: Date
  payload: Payload
}

export interface StreamPage<Payload> {
  /** Null when the store has nothing of the stream. */
  state: {
    /** Changes when the stream was lost and begun anew. */
    incarnation: string
    lastSequence: number
    isClosed: boolean
  } | null
  /** Bounded; the state is not younger than they are. */
  events: StoredEvent<Payload>[]
}

export interface FollowersOptions<Payload> {
  /** What comes behind the sequence number `after`; followers who are at the same place share what they get. */
  readPage(workspaceId: string, streamId: string, after: number): Promise<StreamPage<Payload>>
  /** Whether a stream that the store has nothing of has begun. */
  isLost(workspaceId: string, streamId: string): Promise<boolean>
  /** Longest wait for a wake-up, in milliseconds: what a lost one costs. */
  pollMs: number
  /** Called with the key of a stream (`streamKeyOf`) for its first follower, and for the last that leaves. */
  onFirst?(streamKey: string): void
  onLast?(streamKey: string): void
}

export interface Followers<Payload> extends Pick<StreamLog<Payload>, 'follow' | 'followerCount'> {
  wake(streamKey: string): void
  wakeAll(): void
  /** Keys of streams. */
  followed(): string[]
  /** Ends all followers. */
  close(): void
}

export function createFollowers<Payload>(options: FollowersOptions<Payload>): Followers<Payload> {
  const { readPage, isLost, pollMs, onFirst, onLast } = options
  const wakers = new Map<string, Set<() => void>>()
  const closing = new AbortController()
  const limitReads = pLimit(CONCURRENT_READS)

  function wake(streamKey: string): void {
    for (const waker of wakers.get(streamKey) ?? []) waker()
  }
  function wakeAll(): void {
    for (const streamKey of wakers.keys()) wake(streamKey)
  }

  const reading = new Map<string, Promise<StreamPage<Payload>>>()
  function readShared(workspaceId: string, streamId: string, after: number): Promise<StreamPage<Payload>> {
    const place = JSON.stringify([workspaceId, streamId, after])
    const present = reading.get(place)
    if (present) return present
    const read = limitReads(() => readPage(workspaceId, streamId, after)).finally(() => reading.delete(place))
    reading.set(place, read)
    return read
  }

  function enter(streamKey: string, waker: () => void): void {
    const present = wakers.get(streamKey)
    if (present) {
      present.add(waker)
      return
    }
    wakers.set(streamKey, new Set([waker]))
    onFirst?.(streamKey)
  }

  function leave(streamKey: string, waker: () => void): void {
    const present = wakers.get(streamKey)
    if (!present?.delete(waker) || present.size > 0) return
    wakers.delete(streamKey)
    onLast?.(streamKey)
  }

  return {
    wake,
    wakeAll,
    followed: () => [...wakers.keys()],
    followerCount: (workspaceId, streamId) => wakers.get(streamKeyOf(workspaceId, streamId))?.size ?? 0,

    async *follow({ workspaceId, streamId, after, signal: given }): AsyncGenerator<StreamEvent<Payload>> {
      const signal = AbortSignal.any([given, closing.signal])
      let position = after == null ? 0 : parseCursor(after)
      let incarnation: string | undefined
      let isNotified = true
      let resolveWait: (() => void) | undefined
      const waker = () => {
        isNotified = true
        resolveWait?.()
      }
      const streamKey = streamKeyOf(workspaceId, streamId)
      enter(streamKey, waker)
      signal.addEventListener('abort', waker)
      try {
        while (!signal.aborted) {
          isNotified = false
          const page = await unlessAborted(readShared(workspaceId, streamId, position), signal)
          if (page === null) return
          const { state, events } = page
          if (state === null) {
            if (position > 0 || (await isLost(workspaceId, streamId))) throw eventsGone()
          } else {
            const isFirstRead = incarnation === undefined
            incarnation ??= state.incarnation
            if (state.incarnation !== incarnation) throw eventsGone()
            if (position > state.lastSequence) throw isFirstRead ? cursorInvalid() : eventsGone()
            if ((events[0]?.sequence ?? state.lastSequence + 1) !== position + 1) throw eventsGone()
            for (const { sequence, occurredAt, payload } of events) {
              if (signal.aborted) return
              position = sequence
              yield { cursor: formatCursor(sequence), occurredAt, payload }
            }
            if (position < state.lastSequence) continue
            if (state.isClosed) return
          }
          if (!isNotified && !signal.aborted) {
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, pollMs)
              resolveWait = () => {
                clearTimeout(timer)
                resolve()
              }
            })
          }
        }
      } finally {
        signal.removeEventListener('abort', waker)
        leave(streamKey, waker)
      }
    },

    close: () => closing.abort(),
  }
}

/** The work's result, or null as soon as the signal aborts. */
function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result | null> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(null)
    signal.addEventListener('abort', stop)
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
    if (signal.aborted) stop()
  })
}
