// An append-only log of events per stream (one generation, answer or job), kept apart from who watches it: a follower replays after its
// cursor and goes on live, without a gap, in any process on the same database.
//
// NOTIFY carries only the stream's id: it wakes followers, and they read from the table. A lost notification costs at most POLL_MS.
import { sql } from 'drizzle-orm'
import type { pgSchema } from 'drizzle-orm/pg-core'
import { integer, jsonb, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'
import { rowsOf, type Database, type SqlExecutor } from './database.ts'
import { TributaryError } from './errors.ts'

export interface StreamEvent<Payload> {
  /** Opaque to clients: pass it back as `after` to go on behind this event. */
  cursor: string
  occurredAt: Date
  payload: Payload
}

export interface AppendOptions {
  /** The transaction that changes the state the event tells of. */
  transaction?: SqlExecutor
  /** True with the terminal event: followers end behind it and later appends are refused. Default false. */
  isLast?: boolean
}

export interface StreamLog<Payload> {
  /** Adds events in order. Returns false, and adds nothing, when the stream was closed before. */
  append(workspaceId: string, streamId: string, payloads: readonly Payload[], options?: AppendOptions): Promise<boolean>
  /** Events behind `after` (from the start without it), then live ones, until the stream is closed or the signal aborts. */
  follow(options: {
    workspaceId: string
    streamId: string
    after?: string | null
    signal: AbortSignal
  }): AsyncGenerator<StreamEvent<Payload>>
  /** Followers in this process right now. */
  followerCount(streamId: string): number
  /** Deletes streams closed for longer than `ageMs`. */
  expire(ageMs: number): Promise<void>
  close(): Promise<void>
}

const POLL_MS = 1000
const PAGE_SIZE = 500

/** The two tables of a stream log, for the owner's Drizzle schema file. */
export function streamLogTables(schema: ReturnType<typeof pgSchema>) {
  const stream = schema.table(
    'stream',
    {
      workspaceId: text('workspace_id').notNull(),
      streamId: text('stream_id').notNull(),
      lastSequence: integer('last_sequence').notNull(),
      closedAt: timestamp('closed_at', { withTimezone: true }),
    },
    (table) => [primaryKey({ columns: [table.workspaceId, table.streamId] })],
  )
  const streamEvent = schema.table(
    'stream_event',
    {
      workspaceId: text('workspace_id').notNull(),
      streamId: text('stream_id').notNull(),
      sequence: integer('sequence').notNull(),
      payload: jsonb('payload').notNull(),
      occurredAt: timestamp('occurred_at', { withTimezone: true }).notNull().defaultNow(),
    },
    (table) => [primaryKey({ columns: [table.workspaceId, table.streamId, table.sequence] })],
  )
  return { stream, streamEvent }
}

export interface CreateStreamLogOptions {
  database: Database
  /** SQL schema that holds the two tables. */
  schema: string
}

export async function createStreamLog<Payload>(options: CreateStreamLogOptions): Promise<StreamLog<Payload>> {
  const { database, schema } = options
  const channel = `${schema}_stream`
  const stream = sql.raw(`${schema}.stream`)
  const streamEvent = sql.raw(`${schema}.stream_event`)
  const wakers = new Map<string, Set<() => void>>()
  const wake = (streamId: string) => {
    for (const waker of wakers.get(streamId) ?? []) waker()
  }
  const wakeAll = () => {
    for (const streamId of wakers.keys()) wake(streamId)
  }
  const listener = await database.listen(channel, wake, wakeAll)
  const closing = new AbortController()

  async function readPage(workspaceId: string, streamId: string, after: number) {
    const rows = await rowsOf<{ sequence: number; payload: Payload; occurred_at: string }>(
      database.sql,
      sql`select sequence, payload, occurred_at::text as occurred_at from ${streamEvent}
          where workspace_id = ${workspaceId} and stream_id = ${streamId} and sequence > ${after}
          order by sequence limit ${PAGE_SIZE}`,
    )
    return rows
  }

  async function readState(workspaceId: string, streamId: string) {
    const [row] = await rowsOf<{ last_sequence: number; is_closed: boolean }>(
      database.sql,
      sql`select last_sequence, closed_at is not null as is_closed from ${stream}
          where workspace_id = ${workspaceId} and stream_id = ${streamId}`,
    )
    return row
  }

  return {
    async append(workspaceId, streamId, payloads, appendOptions = {}) {
      const executor = appendOptions.transaction ?? database.sql
      const closedAt = appendOptions.isLast ? sql`now()` : sql`null`
      const rows = await rowsOf<{ appended: number }>(
        executor,
        sql`with claimed as (
              insert into ${stream} as s (workspace_id, stream_id, last_sequence, closed_at)
              values (${workspaceId}, ${streamId}, ${payloads.length}, ${closedAt})
              on conflict (workspace_id, stream_id) do update
                set last_sequence = s.last_sequence + ${payloads.length}, closed_at = ${closedAt}
                where s.closed_at is null
              returning last_sequence
            ), added as (
              insert into ${streamEvent} (workspace_id, stream_id, sequence, payload, occurred_at)
              select ${workspaceId}, ${streamId}, claimed.last_sequence - ${payloads.length} + item.ordinality::int, item.value, clock_timestamp()
              from claimed, jsonb_array_elements(${JSON.stringify(payloads)}::jsonb) with ordinality as item
              returning 1
            )
            select count(*)::int as appended, pg_notify(${channel}, ${streamId}) from claimed`,
      )
      return (rows[0]?.appended ?? 0) > 0
    },

    async *follow({ workspaceId, streamId, after, signal }) {
      let position = after == null ? 0 : parseCursor(after)
      let notified = true
      let resolveWait: (() => void) | undefined
      const waker = () => {
        notified = true
        resolveWait?.()
      }
      const set = wakers.get(streamId) ?? new Set()
      wakers.set(streamId, set.add(waker))
      signal.addEventListener('abort', waker)
      try {
        while (!signal.aborted && !closing.signal.aborted) {
          notified = false
          // The state is read first: once closed, no event can come behind the page that follows it.
          const state = await readState(workspaceId, streamId)
          if (state && position > state.last_sequence) throw cursorInvalid()
          const page = await readPage(workspaceId, streamId, position)
          for (const row of page) {
            if (signal.aborted) return
            position = row.sequence
            yield { cursor: formatCursor(row.sequence), occurredAt: new Date(row.occurred_at), payload: row.payload }
          }
          if (page.length === PAGE_SIZE) continue
          if (state?.is_closed && position >= state.last_sequence) return
          if (!notified && !signal.aborted) {
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, POLL_MS)
              resolveWait = () => {
                clearTimeout(timer)
                resolve()
              }
            })
          }
        }
      } finally {
        signal.removeEventListener('abort', waker)
        set.delete(waker)
        if (set.size === 0) wakers.delete(streamId)
      }
    },

    followerCount: (streamId) => wakers.get(streamId)?.size ?? 0,

    async expire(ageMs) {
      await database.sql.execute(
        sql`with expired as (
              delete from ${stream} where closed_at < now() - ${ageMs} * interval '1 millisecond' returning workspace_id, stream_id
            )
            delete from ${streamEvent} e using expired where e.workspace_id = expired.workspace_id and e.stream_id = expired.stream_id`,
      )
    },

    async close() {
      closing.abort()
      wakeAll()
      await listener.close()
    },
  }
}

const formatCursor = (sequence: number): string => `s${sequence.toString(36)}`

function parseCursor(cursor: string): number {
  const sequence = /^s[0-9a-z]{1,8}$/.test(cursor) ? Number.parseInt(cursor.slice(1), 36) : Number.NaN
  if (!Number.isSafeInteger(sequence)) throw cursorInvalid()
  return sequence
}

const cursorInvalid = () =>
  new TributaryError(
    'CURSOR_INVALID',
    'The argument "after" is not a cursor of this stream. Pass a cursor that one of its events carried, or leave it out.',
    {
      path: ['after'],
    },
  )
