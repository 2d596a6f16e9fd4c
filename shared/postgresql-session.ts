// Drizzle over a pool that outlives its server: what the server's absence does to a statement is thrown as a TributaryError, and a connection that is
// of no use any more leaves the pool, also in the middle of a transaction. Drizzle by itself puts such a connection back, and keeps it for ever
// when it breaks between being taken and `begin`.
import { sql, type Query } from 'drizzle-orm'
import {
  NodePgSession,
  NodePgTransaction,
  type NodePgClient,
  type NodePgSessionOptions,
} from 'drizzle-orm/node-postgres/session'
import { NodePgDatabase } from 'drizzle-orm/node-postgres/driver'
import {
  PgDialect,
  type PgPreparedQuery,
  type PgTransactionConfig,
  type PreparedQueryConfig,
} from 'drizzle-orm/pg-core'
import type pg from 'pg'
import { databaseFailure, isConnectionUseless } from './postgresql-failure.ts'

type NoTables = Record<string, never>

export interface PostgresqlSessionOptions extends NodePgSessionOptions {
  /** Of the caller for whom the pool runs statements: once aborted, its reason is what they throw. */
  signal?: AbortSignal
}

/** Drizzle's database over the pool. */
export function createPostgresqlExecutor(pool: pg.Pool, options: PostgresqlSessionOptions): NodePgDatabase {
  const dialect = new PgDialect()
  return new NodePgDatabase(dialect, new ResilientSession(pool, dialect, options) as never, undefined)
}

class ResilientSession extends NodePgSession<NoTables, NoTables> {
  readonly #pool: NodePgClient
  readonly #dialect: PgDialect
  readonly #options: PostgresqlSessionOptions

  constructor(client: NodePgClient, dialect: PgDialect, options: PostgresqlSessionOptions) {
    super(client, dialect, undefined, options)
    this.#pool = client
    this.#dialect = dialect
    this.#options = options
  }

  override prepareQuery<Config extends PreparedQueryConfig = PreparedQueryConfig>(
    ...query: Parameters<NodePgSession<NoTables, NoTables>['prepareQuery']>
  ): PgPreparedQuery<Config> {
    const prepared = super.prepareQuery<Config>(...(query as [Query, undefined, undefined, boolean]))
    const execute = prepared.execute.bind(prepared)
    prepared.execute = (values) => execute(values).catch((error: unknown) => this.#rethrow(error))
    return prepared
  }

  override async transaction<Result>(
    work: (tx: NodePgTransaction<NoTables, NoTables>) => Promise<Result>,
    config?: PgTransactionConfig,
  ): Promise<Result> {
    const client = await (this.#pool as pg.Pool).connect().catch((error: unknown) => this.#rethrow(error))
    let isBroken = false
    const session = new ResilientSession(client, this.#dialect, this.#options)
    const tx = new NodePgTransaction<NoTables, NoTables>(this.#dialect, session as never, undefined)
    try {
      await tx.execute(sql`begin`)
      if (config) await tx.setTransaction(config)
      const result = await work(tx)
      await tx.execute(sql`commit`)
      return result
    } catch (error) {
      isBroken = isConnectionUseless(error)
      // The end of a connection rolls its transaction back, too.
      if (!isBroken)
        await tx.execute(sql`rollback`).catch(() => {
          isBroken = true
        })
      throw error
    } finally {
      client.release(isBroken)
    }
  }

  #rethrow(error: unknown): never {
    this.#options.signal?.throwIfAborted()
    throw databaseFailure(error) ?? error
  }
}
