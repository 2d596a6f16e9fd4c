// One PostgreSQL dialect on two engines: PGlite inside the process (one connection, one process per data directory) and a PostgreSQL
// server through a pool. Everything above this file is the same on both.
//
// PGlite has a single connection: inside a transaction use only its `tx`; awaiting anything else that needs the database deadlocks.
import { PGlite } from '@electric-sql/pglite'
import { sql, type SQL } from 'drizzle-orm'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { drizzle as drizzleNode } from 'drizzle-orm/node-postgres'
import { migrate as migrateNode } from 'drizzle-orm/node-postgres/migrator'
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite'
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { TributaryError } from './errors.ts'

/** Runs statements: the database itself, or one transaction of it. */
export type SqlExecutor = PgDatabase<PgQueryResultHKT>

export interface Database {
  readonly engine: 'pglite' | 'postgresql'
  readonly sql: SqlExecutor
  /** Calls `onPayload` for each NOTIFY on the channel; `onReconnect` after a lost connection was replaced, when some may have been missed. */
  listen(
    channel: string,
    onPayload: (payload: string) => void,
    onReconnect: () => void,
  ): Promise<{ close(): Promise<void> }>
  /** Applies the migrations of one owner, under a lock, each once. */
  migrate(options: MigrateOptions): Promise<void>
  /** The engine below, for libraries that bring their own SQL. */
  readonly native: { engine: 'pglite'; client: PGlite } | { engine: 'postgresql'; pool: pg.Pool; url: string }
  close(): Promise<void>
}

export interface MigrateOptions {
  /** SQL schema of the owner. */
  schema: string
  /** Folder written by `drizzle-kit generate`. */
  folder: string
}

export interface OpenDatabaseOptions {
  /** A PostgreSQL connection URL, or a PGlite data directory (`memory://` keeps nothing). */
  location: { url: string } | { directory: string }
  /** Connections in the pool of a PostgreSQL server. Default 10. */
  poolSize?: number
  /** Longest a statement may run on a server, in milliseconds. Default 30,000. */
  statementTimeoutMs?: number
  /** Called with every statement sent: for counting in tests, and for logs. */
  onStatement?: (statement: string) => void
}

export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  const logger = options.onStatement ? { logQuery: options.onStatement } : false
  return 'url' in options.location
    ? openServer(options.location.url, options, logger)
    : openEmbedded(options.location.directory, logger)
}

/** Apart from the owners' schemas, which their own first migration creates. */
const HISTORY_SCHEMA = 'migration_history'

type DrizzleLogger = false | { logQuery(statement: string): void }

async function openEmbedded(directory: string, logger: DrizzleLogger): Promise<Database> {
  const client = await PGlite.create(directory)
  const db = drizzlePglite(client, { logger })
  return {
    engine: 'pglite',
    sql: db as unknown as SqlExecutor,
    native: { engine: 'pglite', client },
    async listen(channel, onPayload) {
      const unlisten = await client.listen(channel, onPayload)
      return { close: () => unlisten() }
    },
    async migrate({ schema, folder }) {
      await refuseNewerHistory(db, schema, folder)
      await migratePglite(db, { migrationsFolder: folder, migrationsSchema: HISTORY_SCHEMA, migrationsTable: schema })
    },
    close: () => client.close(),
  }
}

async function openServer(url: string, options: OpenDatabaseOptions, logger: DrizzleLogger): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.poolSize ?? 10,
    connectionTimeoutMillis: 10_000,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    application_name: 'tributary',
  })
  // An idle connection that the server drops is replaced on next use; without a listener it would end the process.
  pool.on('error', () => undefined)
  try {
    await pool.query('select 1')
  } catch (cause) {
    await pool.end()
    throw new TributaryError('UPSTREAM_UNAVAILABLE', `PostgreSQL at DATABASE_URL cannot be used: ${messageOf(cause)}`, {
      cause,
    })
  }
  const db = drizzleNode(pool, { logger })
  return {
    engine: 'postgresql',
    sql: db as unknown as SqlExecutor,
    native: { engine: 'postgresql', pool, url },
    listen: (channel, onPayload, onReconnect) => listenOnServer(url, channel, onPayload, onReconnect),
    async migrate({ schema, folder }) {
      const client = await pool.connect()
      try {
        await client.query('set statement_timeout = 0')
        // The one schema that all subgraphs share; of two that make it at once "if not exists" lets one fail.
        await client.query("select pg_advisory_lock(hashtext('tributary.migrate'))")
        await client.query(`create schema if not exists ${HISTORY_SCHEMA}`)
        await client.query("select pg_advisory_unlock(hashtext('tributary.migrate'))")
        await client.query('select pg_advisory_lock(hashtext($1))', [`tributary.migrate.${schema}`])
        await refuseNewerHistory(drizzleNode(client), schema, folder)
        await migrateNode(drizzleNode(client), {
          migrationsFolder: folder,
          migrationsSchema: HISTORY_SCHEMA,
          migrationsTable: schema,
        })
      } finally {
        // Ends the session, and with it the advisory lock, however the migration ended.
        client.release(true)
      }
    },
    close: () => pool.end(),
  }
}

/** A dedicated session that reconnects by itself, since a pooled one would lose its LISTEN. */
async function listenOnServer(
  url: string,
  channel: string,
  onPayload: (payload: string) => void,
  onReconnect: () => void,
) {
  let closed = false
  let current: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  const connect = async (): Promise<void> => {
    const client = new pg.Client({
      connectionString: url,
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
      application_name: 'tributary-listen',
    })
    client.on('error', () => undefined)
    client.on('end', () => {
      if (!closed && current === client) retry()
    })
    client.on('notification', (message) => onPayload(message.payload ?? ''))
    await client.connect()
    await client.query(`listen ${pg.escapeIdentifier(channel)}`)
    current = client
  }
  const retry = () => {
    timer = setTimeout(() => {
      if (closed) return
      connect().then(onReconnect, retry)
    }, 500)
  }
  await connect()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await current?.end()
    },
  }
}

/** A database written by a newer release is left alone: its migrations are unknown here. */
async function refuseNewerHistory(db: SqlExecutor, schema: string, folder: string): Promise<void> {
  const exists = await rowsOf<{ name: string | null }>(
    db,
    sql`select to_regclass(${`${HISTORY_SCHEMA}.${schema}`})::text as name`,
  )
  if (!exists[0]?.name) return
  const journal = JSON.parse(await readFile(path.join(folder, 'meta/_journal.json'), 'utf8')) as {
    entries: { when: number }[]
  }
  const known = Math.max(0, ...journal.entries.map((entry) => entry.when))
  const applied = await rowsOf<{ last: string | null }>(
    db,
    sql`select max(created_at)::text as last from ${sql.identifier(HISTORY_SCHEMA)}.${sql.identifier(schema)}`,
  )
  if (Number(applied[0]?.last ?? 0) > known) {
    throw new TributaryError(
      'DATA_DIRECTORY_NEWER',
      `The database was written by a newer version of Tributary (schema "${schema}"). Start that version, or use another data directory or database.`,
    )
  }
}

/** The rows of a raw statement; both drivers answer `{ rows }`. */
export async function rowsOf<Row>(executor: SqlExecutor, statement: SQL): Promise<Row[]> {
  const result: unknown = await executor.execute(statement)
  return (result as { rows: Row[] }).rows
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}
