// A PostgreSQL server as a Database: a pool whose sessions are limited in time on both sides, so that neither a statement nor a server that has
// stopped can keep a caller, or others, waiting.
import pg from 'pg'
import type { Database, OpenDatabaseOptions, SqlExecutor } from './database.ts'
import { TributaryError } from './errors.ts'
import { maskPasswords } from './masking.ts'
import { abortablePool, createCancelStatement } from './postgresql-abort.ts'
import { databaseFailure } from './postgresql-failure.ts'
import { listenOnPostgresql } from './postgresql-listen.ts'
import { migrateOnPostgresql } from './postgresql-migrate.ts'
import { createPostgresqlExecutor } from './postgresql-session.ts'

const DEFAULTS = {
  poolSize: 10,
  applicationName: 'tributary',
  /** A new connection stands in milliseconds, one of the pool is free soon; what takes so long is a server that has stopped or is swamped. */
  connectTimeoutMs: 10_000,
  /** The slowest statement of a request, a page over a large workspace, takes a second or two; what takes longer would hold the pool. */
  statementTimeoutMs: 30_000,
  /** Rows are locked for milliseconds; whoever waits so long waits for a session that has stopped. */
  lockTimeoutMs: 10_000,
  /** A transaction only ever waits for its own statements; one that is idle was left by a process that hangs, and keeps its locks. */
  idleInTransactionTimeoutMs: 30_000,
  /** Long enough for a replica that makes an index on a large table; then whoever waits is started again by its supervisor. */
  migrationLockTimeoutMs: 120_000,
}

/** For a server that no longer keeps its own limit: how much later the client ends a statement. */
const CLIENT_GRACE_MS = 5_000
/** A peer that vanished is noticed within minutes; by default it would take two hours. */
const KEEP_ALIVE_DELAY_MS = 10_000

/** Throws UPSTREAM_UNAVAILABLE, or CONFIGURATION_INVALID when the server is there and refuses. */
export async function openPostgresql(
  url: string,
  options: OpenDatabaseOptions,
  logger: false | { logQuery(statement: string): void },
): Promise<Database> {
  const limits = { ...DEFAULTS, ...options }
  const connection: pg.ClientConfig = {
    connectionString: url,
    application_name: limits.applicationName,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    statement_timeout: limits.statementTimeoutMs,
    query_timeout: limits.statementTimeoutMs + CLIENT_GRACE_MS,
    lock_timeout: limits.lockTimeoutMs,
    idle_in_transaction_session_timeout: limits.idleInTransactionTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
  }
  const pool = new pg.Pool({ ...connection, max: limits.poolSize })
  // An idle connection that the server drops is replaced on next use; without a listener it would end the process.
  pool.on('error', () => undefined)
  // So would one that breaks between two statements of a transaction; the next statement hears of it.
  pool.on('connect', (client) => client.on('error', () => undefined))
  try {
    await pool.query('select 1')
  } catch (cause) {
    await pool.end()
    throw new TributaryError(
      databaseFailure(cause)?.code ?? 'UPSTREAM_UNAVAILABLE',
      `PostgreSQL at DATABASE_URL (${maskPasswords(url)}) cannot be used: ${messageOf(cause)}`,
      { cause },
    )
  }
  const logging = logger ? { logger } : {}
  const cancel = createCancelStatement({ ...connection, application_name: `${limits.applicationName}-cancel` })
  return {
    engine: 'postgresql',
    sql: createPostgresqlExecutor(pool, logging) as unknown as SqlExecutor,
    until: (signal) => createPostgresqlExecutor(abortablePool({ pool, cancel, signal }), { ...logging, signal }),
    native: { engine: 'postgresql', pool, url },
    listen: (channel, onPayload, onReconnect) =>
      listenOnPostgresql({
        connection: { ...connection, application_name: `${limits.applicationName}-listen` },
        channel,
        onPayload,
        onReconnect,
      }).catch((error: unknown) => {
        throw databaseFailure(error) ?? error
      }),
    migrate: ({ schema, folder }) =>
      migrateOnPostgresql({
        connection: { ...connection, application_name: `${limits.applicationName}-migrate` },
        lockTimeoutMs: limits.migrationLockTimeoutMs,
        schema,
        folder,
      }),
    close: () => pool.end(),
  }
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}
