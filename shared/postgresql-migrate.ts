// Migrations on a PostgreSQL server: on a session of their own, without the limits of other statements, under a lock that each owner's schema
// has, since replicas may start at once. All pending ones are one transaction, so a process that is killed among them leaves none.
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'
import type { MigrateOptions } from './database.ts'
import { TributaryError } from './errors.ts'
import { HISTORY_SCHEMA, refuseNewerHistory } from './migration-history.ts'
import { databaseFailure } from './postgresql-failure.ts'

export interface MigrateOnPostgresqlOptions extends MigrateOptions {
  connection: pg.ClientConfig
  /** Longest wait for another process that migrates, and for whoever uses a table that is to be changed, in milliseconds. */
  lockTimeoutMs: number
}

/** Throws UPSTREAM_TIMED_OUT when the lock cannot be had in time, DATA_DIRECTORY_NEWER for a database of a newer release. */
export async function migrateOnPostgresql(options: MigrateOnPostgresqlOptions): Promise<void> {
  const { connection, schema, folder, lockTimeoutMs } = options
  const client = new pg.Client({
    ...connection,
    statement_timeout: 0,
    query_timeout: 0,
    idle_in_transaction_session_timeout: 0,
    lock_timeout: lockTimeoutMs,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    // Where the server can (PostgreSQL 14, not on every system), it notices that this process was killed, and gives the lock free.
    await client.query("set client_connection_check_interval = '2s'").catch(() => undefined)
    // The one schema that all subgraphs share; of two that make it at once "if not exists" lets one fail.
    await lock(client, HISTORY_LOCK, options)
    await client.query(`create schema if not exists ${HISTORY_SCHEMA}`)
    await client.query('select pg_advisory_unlock(hashtext($1))', [HISTORY_LOCK])
    await lock(client, `${HISTORY_LOCK}.${schema}`, options)
    const db = drizzle(client)
    await refuseNewerHistory(db, { schema, folder })
    await migrate(db, { migrationsFolder: folder, migrationsSchema: HISTORY_SCHEMA, migrationsTable: schema })
  } catch (error) {
    throw databaseFailure(error) ?? error
  } finally {
    // Ends the session, and with it the advisory lock, however the migration ended.
    await client.end().catch(() => undefined)
  }
}

const HISTORY_LOCK = 'tributary.migrate'

async function lock(client: pg.Client, name: string, options: MigrateOnPostgresqlOptions): Promise<void> {
  try {
    await client.query('select pg_advisory_lock(hashtext($1))', [name])
  } catch (cause) {
    if ((cause as { code?: string }).code !== '55P03') throw cause
    throw new TributaryError(
      'UPSTREAM_TIMED_OUT',
      `Another process has been migrating the database (schema "${options.schema}") for more than ${options.lockTimeoutMs / 1000} s: ${await holderOf(client, name)}. Wait for it, or end it, and start again.`,
      { cause },
    )
  }
}

/** An advisory lock's key is stored in two halves. */
async function holderOf(client: pg.Client, name: string): Promise<string> {
  const { rows } = await client.query<{ pid: number; application_name: string; client_addr: string | null }>(
    `select pid, application_name, client_addr from pg_locks join pg_stat_activity using (pid)
     where locktype = 'advisory' and granted and (classid::bigint << 32) | objid::bigint = hashtext($1)`,
    [name],
  )
  const [holder] = rows
  if (!holder) return 'it has just ended'
  return `backend ${holder.pid}, "${holder.application_name}"${holder.client_addr === null ? '' : ` from ${holder.client_addr}`}`
}
