// The port of the stream log: an append-only log of events per stream (one generation, answer or job), kept apart from who watches it. A
// follower replays after its cursor and goes on live, without a gap, in any process on the same stores.
//
// Sequence numbers of a stream are contiguous from 1, and a cursor is one of them, so that a cursor means the same in every store and a gap
// is always a loss: a follower is told of it (EVENTS_GONE), never handed what comes behind it.
import type { SqlExecutor } from './database.ts'
import { TributaryError } from './errors.ts'

export interface StreamEvent<Payload> {
  /** Opaque to clients: pass it back as `after` to go on behind this event. */
  cursor: string
  occurredAt: Date
  payload: Payload
}

export interface AppendOptions {
  /** The transaction that changes the state the event tells of: the event exists if and only if it commits. */
  transaction?: SqlExecutor
  /** True with the terminal event: followers end behind it and later appends are refused. Default false. */
  isLast?: boolean
}

export interface StreamLog<Payload> {
  /**
   * Adds events in order, all or none. Returns false, and adds nothing, when the stream was closed before. Throws CAPACITY_EXCEEDED for a
   * payload of more than MAXIMUM_PAYLOAD_BYTES. Of two appends by one process the one that was awaited first comes first, in a transaction
   * or not.
   */
  append(workspaceId: string, streamId: string, payloads: readonly Payload[], options?: AppendOptions): Promise<boolean>
  /**
   * Adds events as those from the sequence number `first` on, unless they are there already: the only writer of a stream, but for whoever begins
   * and closes it, can ask again whenever it got no answer, and a request that the store carries out late adds nothing. Returns false when the
   * stream was closed before. Throws EVENTS_GONE when the stream is shorter than it must be, and INTERNAL_SERVER_ERROR, adding nothing,
   * when it holds other events there. Else like `append`.
   */
  appendAt(workspaceId: string, streamId: string, first: number, payloads: readonly Payload[]): Promise<boolean>
  /**
   * Events behind `after` (from the start without it), then live ones, until the stream is closed or the signal aborts. Throws
   * CURSOR_INVALID for what is no cursor of the stream, and EVENTS_GONE where events that are due are no longer kept.
   */
  follow(options: {
    workspaceId: string
    streamId: string
    after?: string | null
    signal: AbortSignal
  }): AsyncGenerator<StreamEvent<Payload>>
  /**
   * All events that are kept, in order. With the transaction that has closed the stream: its own included, and no other append can add one
   * any more.
   */
  read(
    workspaceId: string,
    streamId: string,
    options?: Pick<AppendOptions, 'transaction'>,
  ): Promise<StreamEvent<Payload>[]>
  /** Followers in this process right now. */
  followerCount(workspaceId: string, streamId: string): number
  /** Deletes streams closed for longer than `ageMs`. */
  expire(ageMs: number): Promise<void>
  close(): Promise<void>
}

/** One payload, as UTF-8 of its JSON. Events are deltas and states; what is larger belongs into the blob store. */
export const MAXIMUM_PAYLOAD_BYTES = 1024 ** 2

/** The payloads as JSON texts. Throws CAPACITY_EXCEEDED, which waiting does not mend here. */
export function serialisePayloads(payloads: readonly unknown[]): string[] {
  return payloads.map((payload) => {
    const text = JSON.stringify(payload)
    if (Buffer.byteLength(text) > MAXIMUM_PAYLOAD_BYTES)
      throw new TributaryError(
        'CAPACITY_EXCEEDED',
        `The payload of an event has ${Buffer.byteLength(text)} bytes; at most ${MAXIMUM_PAYLOAD_BYTES} are taken.`,
        { isRetryable: false },
      )
    return text
  })
}

export const formatCursor = (sequence: number): string => `s${sequence.toString(36)}`

export function parseCursor(cursor: string): number {
  const sequence = /^s[0-9a-z]{1,8}$/.test(cursor) ? Number.parseInt(cursor.slice(1), 36) : Number.NaN
  if (!Number.isSafeInteger(sequence)) throw cursorInvalid()
  return sequence
}

export const cursorInvalid = () =>
  new TributaryError(
    'CURSOR_INVALID',
    'The argument "after" is not a cursor of this stream. Pass a cursor that one of its events carried, or leave it out.',
    {
      path: ['after'],
    },
  )

export const eventsGone = () =>
  new TributaryError(
    'EVENTS_GONE',
    'Events of this stream that come next are no longer kept: the stream was cut at its longest length, has expired, or its store lost them. Read what the stream tells of instead.',
  )

export const otherEvents = () =>
  new TributaryError(
    'INTERNAL_SERVER_ERROR',
    'The stream holds other events where these belong: somebody else writes to it.',
  )

/** The stream as one word without separators of others, whatever the ids hold; half a surrogate pair becomes what PostgreSQL makes of it. */
export const streamKeyOf = (workspaceId: string, streamId: string): string =>
  `${encodeId(workspaceId)}:${encodeId(streamId)}`

const encodeId = (id: string): string => encodeURIComponent(id.toWellFormed())
