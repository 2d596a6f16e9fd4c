// Two logs over one database, as two processes would have, with tables of their own.
import { sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { createPostgresStreamLog } from './postgres-stream-log.ts'
import type { StreamLog } from './stream-log.ts'
import type { StreamLogUnderTest } from './stream-log.contract.ts'

export const TEST_SCHEMA = 'stream_log_test'

export async function openLogs(
  database: Database,
  open: (database: Database) => Promise<StreamLog<string>> = (on) =>
    createPostgresStreamLog<string>({ database: on, schema: TEST_SCHEMA, pollMs: 30_000 }),
): Promise<StreamLogUnderTest> {
  await createTables(database)
  const [writer, reader] = [await open(database), await open(database)]
  return {
    writer,
    reader,
    database,
    async close() {
      await writer.close()
      await reader.close()
      await database.close()
    },
  }
}

/** As the migrations of an owner make them. */
export async function createTables({ sql: executor }: Database): Promise<void> {
  await executor.execute(sql`drop schema if exists stream_log_test cascade`)
  await executor.execute(sql`create schema stream_log_test`)
  await executor.execute(
    sql`create table stream_log_test.stream (workspace_id text, stream_id text, last_sequence int not null, closed_at timestamptz, primary key (workspace_id, stream_id))`,
  )
  await executor.execute(
    sql`create table stream_log_test.stream_event (workspace_id text, stream_id text, sequence int, payload jsonb not null, occurred_at timestamptz not null default now(), primary key (workspace_id, stream_id, sequence))`,
  )
  await executor.execute(
    sql`create table stream_log_test.stream_outbox (id bigint primary key generated always as identity, workspace_id text not null, stream_id text not null, writer text not null, preceding_count int not null, payloads jsonb not null, is_last boolean not null, created_at timestamptz not null)`,
  )
}
