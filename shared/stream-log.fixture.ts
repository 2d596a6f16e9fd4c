// Two logs over one database, as two processes would have, with tables of their own.
import { sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { createStreamLog } from './stream-log.ts'

export async function openLogs(database: Database) {
  await database.sql.execute(sql`drop schema if exists stream_log_test cascade`)
  await database.sql.execute(sql`create schema stream_log_test`)
  await database.sql.execute(
    sql`create table stream_log_test.stream (workspace_id text, stream_id text, last_sequence int not null, closed_at timestamptz, primary key (workspace_id, stream_id))`,
  )
  await database.sql.execute(
    sql`create table stream_log_test.stream_event (workspace_id text, stream_id text, sequence int, payload jsonb not null, occurred_at timestamptz not null default now(), primary key (workspace_id, stream_id, sequence))`,
  )
  const open = () => createStreamLog<string>({ database, schema: 'stream_log_test' })
  const [writer, reader] = [await open(), await open()]
  return {
    writer,
    reader,
    async close() {
      await writer.close()
      await reader.close()
      await database.close()
    },
  }
}
