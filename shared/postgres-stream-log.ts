// The stream log in PostgreSQL tables (or PGlite).
//
// NOTIFY carries only the stream's key: it wakes followers, and they read from the table. A lost notification costs at most `pollMs`.
import { sql, type SQL } from 'drizzle-orm'
import { rowsOf, type Database, type SqlExecutor } from './database.ts'
import { createFollowers, type StoredEvent } from './follow-stream.ts'
import { eventsGone, formatCursor, otherEvents, serialisePayloads, streamKeyOf, type StreamLog } from './stream-log.ts'

const PAGE_SIZE = 500
/** A page ends behind the event that reaches this, so that large payloads make short pages. */
const PAGE_BYTES = 4 * 1024 ** 2

export interface PostgresStreamLogOptions {
  database: Database
  /** SQL schema that holds the tables. */
  schema: string
  /** What a lost notification costs, in milliseconds. Default 1,000. */
  pollMs?: number
}

export async function createPostgresStreamLog<Payload>(options: PostgresStreamLogOptions): Promise<StreamLog<Payload>> {
  const { database, schema, pollMs = 1_000 } = options
  const channel = `${schema}_stream`
  const stream = sql.raw(`${schema}.stream`)
  const streamEvent = sql.raw(`${schema}.stream_event`)

  async function readEvents(executor: SqlExecutor, select: SQL): Promise<StoredEvent<Payload>[]> {
    const rows = await rowsOf<{ sequence: number; payload: Payload; occurred_at: string }>(executor, select)
    return rows.map((row) => ({
      sequence: row.sequence,
      occurredAt: new Date(row.occurred_at),
      payload: row.payload,
    }))
  }

  const followers = createFollowers<Payload>({
    pollMs,
    async readPage(workspaceId, streamId, after) {
      // The state is read first: once closed, no event can come behind the page that follows it.
      const [row] = await rowsOf<{ last_sequence: number; is_closed: boolean }>(
        database.sql,
        sql`select last_sequence, closed_at is not null as is_closed from ${stream}
            where workspace_id = ${workspaceId} and stream_id = ${streamId}`,
      )
      if (!row) return { state: null, events: [] }
      const events = await readEvents(
        database.sql,
        sql`select sequence, payload, occurred_at::text as occurred_at from (
              select *, sum(octet_length(payload::text)) over (order by sequence) - octet_length(payload::text) as bytes_before
              from (
                select sequence, payload, occurred_at from ${streamEvent}
                where workspace_id = ${workspaceId} and stream_id = ${streamId} and sequence > ${after}
                order by sequence limit ${PAGE_SIZE}
              ) as page
            ) as measured
            where bytes_before < ${PAGE_BYTES} order by sequence`,
      )
      return { state: { incarnation: '', lastSequence: row.last_sequence, isClosed: row.is_closed }, events }
    },
    // Its row comes and goes with its events.
    isLost: async () => false,
  })
  const listener = await database.listen(channel, followers.wake, followers.wakeAll)

  /** Adds events behind those of a stream that `claimed` has made longer by them; it returns the row's `last_sequence`, or nothing. */
  async function add(
    executor: SqlExecutor,
    [workspaceId, streamId]: readonly [string, string],
    items: readonly string[],
    claimed: SQL,
  ): Promise<boolean> {
    const rows = await rowsOf<{ appended: number }>(
      executor,
      sql`with claimed as (${claimed}), added as (
            insert into ${streamEvent} (workspace_id, stream_id, sequence, payload, occurred_at)
            select ${workspaceId}, ${streamId}, claimed.last_sequence - ${items.length} + item.ordinality::int, item.value, clock_timestamp()
            from claimed, jsonb_array_elements(${`[${items.join(',')}]`}::jsonb) with ordinality as item
            returning 1
          )
          select count(*)::int as appended, pg_notify(${channel}, ${streamKeyOf(workspaceId, streamId)}) from claimed`,
    )
    return (rows[0]?.appended ?? 0) > 0
  }

  /** Why `appendAt` could not add: they are there (true), the stream is closed (false), or it is not what the writer takes it for. */
  async function findAt(workspaceId: string, streamId: string, first: number, items: readonly string[]) {
    const [row] = await rowsOf<{ last_sequence: number; is_closed: boolean; present: number }>(
      database.sql,
      sql`select last_sequence, closed_at is not null as is_closed, (
            select count(*)::int from ${streamEvent} as e
            join jsonb_array_elements(${`[${items.join(',')}]`}::jsonb) with ordinality as item
              on e.sequence = ${first}::int - 1 + item.ordinality and e.payload = item.value
            where e.workspace_id = s.workspace_id and e.stream_id = s.stream_id
          ) as present
          from ${stream} as s where workspace_id = ${workspaceId} and stream_id = ${streamId}`,
    )
    if (row?.is_closed === true) return false
    if ((row?.last_sequence ?? 0) < first) throw eventsGone()
    if (row?.present !== items.length) throw otherEvents()
    return true
  }

  return {
    async append(workspaceId, streamId, payloads, appendOptions = {}) {
      const executor = appendOptions.transaction ?? database.sql
      const closedAt = appendOptions.isLast ? sql`now()` : sql`null`
      const count = payloads.length
      return await add(
        executor,
        [workspaceId, streamId],
        serialisePayloads(payloads),
        sql`insert into ${stream} as s (workspace_id, stream_id, last_sequence, closed_at)
            values (${workspaceId}, ${streamId}, ${count}, ${closedAt})
            on conflict (workspace_id, stream_id) do update
              set last_sequence = s.last_sequence + ${count}, closed_at = ${closedAt}
              where s.closed_at is null
            returning last_sequence`,
      )
    },

    async appendAt(workspaceId, streamId, first, payloads) {
      const items = serialisePayloads(payloads)
      const count = items.length
      const begin = sql`insert into ${stream} as s (workspace_id, stream_id, last_sequence) values (${workspaceId}, ${streamId}, ${count})
            on conflict (workspace_id, stream_id) do update
              set last_sequence = ${count} where s.closed_at is null and s.last_sequence = 0
            returning last_sequence`
      const extend = sql`update ${stream} set last_sequence = last_sequence + ${count}
            where workspace_id = ${workspaceId} and stream_id = ${streamId} and closed_at is null and last_sequence = ${first} - 1
            returning last_sequence`
      if (await add(database.sql, [workspaceId, streamId], items, first === 1 ? begin : extend)) return true
      return await findAt(workspaceId, streamId, first, items)
    },

    async read(workspaceId, streamId, { transaction } = {}) {
      const events = await readEvents(
        transaction ?? database.sql,
        sql`select sequence, payload, occurred_at::text as occurred_at from ${streamEvent}
            where workspace_id = ${workspaceId} and stream_id = ${streamId} order by sequence`,
      )
      return events.map(({ sequence, occurredAt, payload }) => ({
        cursor: formatCursor(sequence),
        occurredAt,
        payload,
      }))
    },

    follow: followers.follow,
    followerCount: followers.followerCount,

    async expire(ageMs) {
      await database.sql.execute(
        sql`with expired as (
              delete from ${stream} where closed_at < now() - ${ageMs} * interval '1 millisecond' returning workspace_id, stream_id
            )
            delete from ${streamEvent} e using expired where e.workspace_id = expired.workspace_id and e.stream_id = expired.stream_id`,
      )
    },

    async close() {
      followers.close()
      await listener.close()
    },
  }
}
