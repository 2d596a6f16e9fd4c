// The PostgreSQL side of a stream log on Redis: the authority on which streams are closed, and the outbox through which what a transaction
// appends gets to Redis when it commits, and only then.
//
// Who appends in a transaction holds the stream's row and an advisory lock until its end. The row puts the ids of one stream's outbox rows
// into the order of their commits, so whoever sees a row sees those before it, unless they are in Redis already. The lock lets others
// wait for a transaction whose row they cannot see.
import { sql } from 'drizzle-orm'
import { rowsOf, type Database, type SqlExecutor } from './database.ts'

export interface OutboxRow {
  id: number
  workspaceId: string
  streamId: string
  /** Events of the stream that came by transactions before this. */
  precedingCount: number
  payloads: unknown[]
  isLast: boolean
  occurredAtMs: number
}

export interface StreamOutbox {
  /** Answers the row's id, or null when the stream was closed before. */
  add(
    executor: SqlExecutor,
    row: Pick<OutboxRow, 'workspaceId' | 'streamId' | 'isLast'> & { items: string[] },
  ): Promise<number | null>
  /** Returns once every transaction that has appended to the stream until now has ended. */
  waitForTransactions(workspaceId: string, streamId: string): Promise<void>
  /** Of one stream, in order, as the executor sees them (default: those that are committed). */
  rowsOfStream(workspaceId: string, streamId: string, executor?: SqlExecutor): Promise<OutboxRow[]>
  /**
   * Own ones, and those of others that lie there so long that their process may be dead, at most `limit`; with them, whoever wrote it,
   * what precedes them in their streams. In order.
   */
  rowsToRelay(olderThanMs: number, limit: number): Promise<OutboxRow[]>
  remove(ids: readonly number[]): Promise<void>
  /** Whether a committed transaction has appended to the stream, and whether some of that is still to be relayed. */
  stateOf(workspaceId: string, streamId: string): Promise<{ hasBegun: boolean; isPending: boolean }>
  /** Forgets streams closed for longer than `ageMs` and answers which. */
  expire(ageMs: number): Promise<{ workspaceId: string; streamId: string }[]>
}

export interface StreamOutboxOptions {
  database: Database
  schema: string
  /** Own name, as rows carry it. */
  writer: string
  /** Notified with the name of the writer whose transaction has committed. */
  channel: string
}

interface StoredRow {
  row_id: string
  workspace_id: string
  stream_id: string
  preceding_count: number
  payloads: unknown[]
  is_last: boolean
  occurred_at: string
}

export function createStreamOutbox({ database, schema, writer, channel }: StreamOutboxOptions): StreamOutbox {
  const stream = sql.raw(`${schema}.stream`)
  const outbox = sql.raw(`${schema}.stream_outbox`)
  // Named otherwise than the column, by whose number, not whose text, rows are ordered.
  const columns = sql`id::text as row_id, workspace_id, stream_id, preceding_count, payloads, is_last,
                      (extract(epoch from created_at) * 1000)::bigint::text as occurred_at`
  /** One number for two ids of any length; streams that share it only wait for each other. */
  const lockOf = (workspaceId: string, streamId: string) =>
    sql`hashtextextended(${JSON.stringify([schema, workspaceId, streamId])}::text, 0)`

  return {
    async add(executor, { workspaceId, streamId, isLast, items }) {
      const count = items.length
      const closedAt = isLast ? sql`now()` : sql`null::timestamptz`
      const rows = await rowsOf<{ id: string }>(
        executor,
        sql`with held as materialized (
              select pg_advisory_xact_lock(${lockOf(workspaceId, streamId)})
            ), claimed as (
              insert into ${stream} as s (workspace_id, stream_id, last_sequence, closed_at)
              select ${workspaceId}, ${streamId}, ${count}::int, ${closedAt} from held
              on conflict (workspace_id, stream_id) do update
                set last_sequence = s.last_sequence + ${count}::int, closed_at = ${closedAt}
                where s.closed_at is null
              returning last_sequence
            ), added as (
              insert into ${outbox} (workspace_id, stream_id, writer, preceding_count, payloads, is_last, created_at)
              select ${workspaceId}, ${streamId}, ${writer}, claimed.last_sequence - ${count}::int, ${`[${items.join(',')}]`}::jsonb,
                     ${isLast}::boolean, clock_timestamp()
              from claimed returning id
            )
            select id::text, pg_notify(${channel}, ${writer}) from added`,
      )
      return rows[0] ? Number(rows[0].id) : null
    },

    async waitForTransactions(workspaceId, streamId) {
      await database.sql.execute(sql`select pg_advisory_xact_lock_shared(${lockOf(workspaceId, streamId)})`)
    },

    async rowsOfStream(workspaceId, streamId, executor = database.sql) {
      const rows = await rowsOf<StoredRow>(
        executor,
        sql`select ${columns} from ${outbox} where workspace_id = ${workspaceId} and stream_id = ${streamId} order by id`,
      )
      return rows.map(toRow)
    },

    async rowsToRelay(olderThanMs, limit) {
      const rows = await rowsOf<StoredRow>(
        database.sql,
        sql`with due as (
              select id, workspace_id, stream_id from ${outbox}
              where writer = ${writer} or created_at < clock_timestamp() - ${olderThanMs} * interval '1 millisecond'
              order by id limit ${limit}
            ), reached as (
              select workspace_id, stream_id, max(id) as last_id from due group by workspace_id, stream_id
            )
            select ${columns} from ${outbox} join reached using (workspace_id, stream_id)
            where id <= last_id order by id`,
      )
      return rows.map(toRow)
    },

    async remove(ids) {
      if (ids.length === 0) return
      await database.sql.execute(
        sql`delete from ${outbox} where id = any(${sql.param(`{${ids.join(',')}}`)}::bigint[])`,
      )
    },

    async stateOf(workspaceId, streamId) {
      const isOf = sql`workspace_id = ${workspaceId} and stream_id = ${streamId}`
      const [row] = await rowsOf<{ has_begun: boolean; is_pending: boolean }>(
        database.sql,
        sql`select exists (select 1 from ${stream} where ${isOf}) as has_begun,
                   exists (select 1 from ${outbox} where ${isOf}) as is_pending`,
      )
      return { hasBegun: row!.has_begun, isPending: row!.is_pending }
    },

    async expire(ageMs) {
      const rows = await rowsOf<{ workspace_id: string; stream_id: string }>(
        database.sql,
        sql`delete from ${stream} as s
            where closed_at < now() - ${ageMs} * interval '1 millisecond'
              and not exists (select 1 from ${outbox} o where o.workspace_id = s.workspace_id and o.stream_id = s.stream_id)
            returning workspace_id, stream_id`,
      )
      return rows.map((row) => ({ workspaceId: row.workspace_id, streamId: row.stream_id }))
    },
  }
}

const toRow = (row: StoredRow): OutboxRow => ({
  id: Number(row.row_id),
  workspaceId: row.workspace_id,
  streamId: row.stream_id,
  precedingCount: row.preceding_count,
  payloads: row.payloads,
  isLast: row.is_last,
  occurredAtMs: Number(row.occurred_at),
})
