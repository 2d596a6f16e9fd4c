// One PostgreSQL dialect on two engines: PGlite inside the process (one connection, one process per data directory) and a PostgreSQL
// server through a pool. Everything above this file is the same on both.
//
// PGlite has a single connection: inside a transaction use only its `tx`; awaiting anything else that needs the database deadlocks.
import { PGlite } from '@electric-sql/pglite'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator'
import type pg from 'pg'
import { HISTORY_SCHEMA, refuseNewerHistory } from './migration-history.ts'
import { startPgliteMaintenance } from './pglite-maintenance.ts'
import { createPgliteExecutor } from './pglite-session.ts'
import { openPostgresql } from './postgresql-database.ts'

export { rowsOf } from './sql-rows.ts'

/** Runs statements: the database itself, or one transaction of it. */
export type SqlExecutor = PgDatabase<PgQueryResultHKT>

export interface Database {
  readonly engine: 'pglite' | 'postgresql'
  readonly sql: SqlExecutor
  /**
   * The same for one caller: its statements and transactions end at once when the signal does, with its reason. A server cancels what runs; PGlite
   * cannot, and goes on unheard to the end of the statement. The transaction is rolled back, unless it was committing: then it may be there, whole.
   */
  until(signal: AbortSignal): SqlExecutor
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

export interface EmbeddedLocation {
  /** Of PGlite's data; `memory://` keeps nothing. */
  directory: string
  /** What a new one begins with, as PGlite's `dumpDataDir` gave it. Default: made by PGlite, in seconds. */
  initialData?: Blob
}

export interface OpenDatabaseOptions {
  /** A PostgreSQL connection URL, or where the embedded one is. */
  location: { url: string } | EmbeddedLocation
  /** Connections in the pool of a PostgreSQL server. Default 10. */
  poolSize?: number
  /** What the sessions of this process are called on a server, for whoever looks at it. Default `tributary`. */
  applicationName?: string
  /** Longest wait for a new connection to a server, and for one of the pool, in milliseconds. Default 10,000. */
  connectTimeoutMs?: number
  /** Longest a statement may run on a server, in milliseconds. Default 30,000. Migrations are exempt. */
  statementTimeoutMs?: number
  /** Longest a statement waits for a lock on a server, in milliseconds. Default 10,000. */
  lockTimeoutMs?: number
  /** Longest a transaction on a server may lie idle before its session is ended, in milliseconds. Default 30,000. */
  idleInTransactionTimeoutMs?: number
  /** Longest a migration on a server waits for another process that migrates, in milliseconds. Default 120,000. */
  migrationLockTimeoutMs?: number
  /** Called with every statement sent: for counting in tests, and for logs. */
  onStatement?: (statement: string) => void
  /** Called when PGlite's tables could not be vacuumed or analysed. It is tried again; until then statements only get slower. */
  onMaintenanceError?: (error: unknown) => void
}

export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  const logger = options.onStatement ? { logQuery: options.onStatement } : false
  return 'url' in options.location
    ? openPostgresql(options.location.url, options, logger)
    : openEmbedded(options.location, options, logger)
}

type DrizzleLogger = false | { logQuery(statement: string): void }

async function openEmbedded(
  { directory, initialData }: EmbeddedLocation,
  { onMaintenanceError }: OpenDatabaseOptions,
  logger: DrizzleLogger,
): Promise<Database> {
  const client = await PGlite.create(directory, initialData ? { loadDataDir: initialData } : {})
  const maintenance = startPgliteMaintenance({ client, ...(onMaintenanceError ? { onError: onMaintenanceError } : {}) })
  const logging = logger ? { logger } : {}
  const db = createPgliteExecutor(client, logging)
  return {
    engine: 'pglite',
    sql: db as unknown as SqlExecutor,
    until: (signal) => createPgliteExecutor(client, { ...logging, signal }),
    native: { engine: 'pglite', client },
    async listen(channel, onPayload) {
      const unlisten = await client.listen(channel, onPayload)
      return { close: () => unlisten() }
    },
    async migrate({ schema, folder }) {
      await refuseNewerHistory(db, { schema, folder })
      await migratePglite(db, { migrationsFolder: folder, migrationsSchema: HISTORY_SCHEMA, migrationsTable: schema })
    },
    async close() {
      await maintenance.stop()
      await client.close()
    },
  }
}
