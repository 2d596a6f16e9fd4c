// Follows a stream of events to its end across lost connections: every event carries a cursor, and the next connection goes on behind it.
import { setTimeout as sleep } from 'node:timers/promises'
import { connectionLost, interrupted, unreachable } from './client-error.ts'
import { ConnectionLost, type Endpoint } from './endpoint.ts'

export interface FollowOptions<Event extends { cursor: string }> {
  endpoint: Endpoint
  /** Opens the stream: from its beginning when `after` is null, else behind that cursor. Null: it cannot be resumed. */
  open: (after: string | null) => AsyncGenerator<Event, void> | null
  signal?: AbortSignal
  /** Longest time to try to get the connection back, in milliseconds. Default 60,000. */
  patienceMs?: number
}

const RETRY_FIRST_MS = 250
const RETRY_LONGEST_MS = 5000

export async function* follow<Event extends { cursor: string }>(
  options: FollowOptions<Event>,
): AsyncGenerator<Event, void> {
  const { endpoint, open, signal, patienceMs = 60_000 } = options
  let after: string | null = null
  let lostAt: number | null = null
  let delayMs = RETRY_FIRST_MS
  for (;;) {
    const stream = open(after)
    if (!stream) throw connectionLost(endpoint.url)
    try {
      for await (const event of stream) {
        after = event.cursor
        lostAt = null
        delayMs = RETRY_FIRST_MS
        yield event
      }
      return
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error
      if (!error.wasConnected) throw unreachable(endpoint.url, error)
      lostAt ??= Date.now()
      if (Date.now() - lostAt > patienceMs) throw connectionLost(endpoint.url, error)
      await sleep(delayMs, undefined, signal ? { signal } : {}).catch((cause: unknown) => {
        throw interrupted(cause)
      })
      delayMs = Math.min(delayMs * 2, RETRY_LONGEST_MS)
    }
  }
}
