// How a stream of results is written over HTTP: as Server-Sent Events (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md, distinct
// connections mode), or as the parts of Apollo's protocol for subscriptions
// (https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol).
import type { ExecutionResult } from 'graphql'
import { EVENT_STREAM_TYPE, MULTIPART_TYPE, type StreamType } from '../http/media-type.ts'

export interface StreamFormat {
  contentType: string
  /** Sent at once, so that client and proxies know that the stream is open. `comeBackAfterMs`: how long to wait when the connection was lost. */
  opening(comeBackAfterMs: number): string
  /** Says that it still is. */
  heartbeat: string
  /** `cursor`: where the stream can be gone on with behind this result; null: not behind this one. */
  result(result: ExecutionResult, cursor: string | null): string
  /** What ended the stream, behind results. */
  failure(result: ExecutionResult): string
  /** Behind the last result. */
  complete: string
  /** In place of it, where the client can go on with the stream at another gateway: `failure` says why it ends here. */
  comeBack(failure: ExecutionResult): string
}

const sent = (result: ExecutionResult): string => `data: ${JSON.stringify(result)}\n\n`

const eventStream: StreamFormat = {
  contentType: `${EVENT_STREAM_TYPE}; charset=utf-8`,
  opening: (comeBackAfterMs) => `retry: ${comeBackAfterMs}\n\n`,
  heartbeat: ':\n\n',
  // `id` is what a client says in `Last-Event-ID` when it comes back. It is one line.
  result: (result, cursor) =>
    cursor !== null && /^[\x21-\x7e]+$/.test(cursor)
      ? `event: next\nid: ${cursor}\n${sent(result)}`
      : `event: next\n${sent(result)}`,
  failure: (result) => `event: next\n${sent(result)}`,
  // With `data`, or EventSource would not tell of it.
  complete: 'event: complete\ndata:\n\n',
  // No `complete`: clients come back by themselves.
  comeBack: () => '',
}

const BOUNDARY = 'graphql'

/** With the boundary behind it: clients take a part when they see that. */
const partOf = (value: object): string =>
  `\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${JSON.stringify(value)}\r\n--${BOUNDARY}`

const multipart: StreamFormat = {
  contentType: `${MULTIPART_TYPE};boundary="${BOUNDARY}";subscriptionSpec=1.0`,
  opening: () => `\r\n--${BOUNDARY}`,
  heartbeat: partOf({}),
  result: (result) => partOf({ payload: result }),
  failure: ({ errors }) => partOf({ payload: null, errors }),
  complete: '--\r\n',
  comeBack: ({ errors }) => `${partOf({ payload: null, errors })}--\r\n`,
}

export const streamFormats: Record<StreamType, StreamFormat> = {
  [EVENT_STREAM_TYPE]: eventStream,
  [MULTIPART_TYPE]: multipart,
}
