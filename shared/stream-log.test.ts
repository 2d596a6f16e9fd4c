import { sql } from 'drizzle-orm'
import { openDatabase } from './database.ts'
import { describeStreamLog } from './stream-log.contract.ts'
import { createStreamLog } from './stream-log.ts'

describeStreamLog('PGlite', async () => {
  const database = await openDatabase({ location: { directory: 'memory://' } })
  return openLogs(database)
})

const { TEST_DATABASE_URL } = process.env
if (TEST_DATABASE_URL) {
  describeStreamLog('PostgreSQL', async () => openLogs(await openDatabase({ location: { url: TEST_DATABASE_URL } })))
}

async function openLogs(database: Awaited<ReturnType<typeof openDatabase>>) {
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
