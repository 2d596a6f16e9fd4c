// Drizzle over PGlite, which says what became of a statement in the words of the platform, as a server's session does: above all that the disk is full.
import type { PGlite, Transaction } from '@electric-sql/pglite'
import type { Query } from 'drizzle-orm'
import {
  PgDialect,
  type PgPreparedQuery,
  type PgTransactionConfig,
  type PreparedQueryConfig,
} from 'drizzle-orm/pg-core'
import { PgliteDatabase } from 'drizzle-orm/pglite/driver'
import { PgliteSession, PgliteTransaction, type PgliteSessionOptions } from 'drizzle-orm/pglite/session'
import { untilAborted } from './abortable.ts'
import { databaseFailure } from './postgresql-failure.ts'

type NoTables = Record<string, never>

export interface TypedSessionOptions extends PgliteSessionOptions {
  /** Of the caller for whom statements run: once aborted, they throw its reason at once. What had begun goes on behind that; it cannot be cancelled. */
  signal?: AbortSignal
}

export function createPgliteExecutor(client: PGlite, options: TypedSessionOptions): PgliteDatabase {
  const dialect = new PgDialect()
  return new PgliteDatabase(dialect, new TypedSession(client, dialect, options) as never, undefined)
}

class TypedSession extends PgliteSession<NoTables, NoTables> {
  readonly #client: PGlite | Transaction
  readonly #dialect: PgDialect
  readonly #options: TypedSessionOptions

  constructor(client: PGlite | Transaction, dialect: PgDialect, options: TypedSessionOptions) {
    super(client, dialect, undefined, options)
    this.#client = client
    this.#dialect = dialect
    this.#options = options
  }

  override prepareQuery<Config extends PreparedQueryConfig = PreparedQueryConfig>(
    ...query: Parameters<PgliteSession<NoTables, NoTables>['prepareQuery']>
  ): PgPreparedQuery<Config> {
    const prepared = super.prepareQuery<Config>(...(query as [Query, undefined, undefined, boolean]))
    const execute = prepared.execute.bind(prepared)
    const { signal } = this.#options
    prepared.execute = async (values) => {
      signal?.throwIfAborted()
      try {
        return await untilAborted(() => execute(values), signal)
      } catch (error) {
        signal?.throwIfAborted()
        throw databaseFailure(error) ?? error
      }
    }
    return prepared
  }

  /** Only what a statement throws is the database's: whatever else `work` throws comes out as it is. */
  override transaction<Result>(
    work: (tx: PgliteTransaction<NoTables, NoTables>) => Promise<Result>,
    config?: PgTransactionConfig,
  ): Promise<Result> {
    const run = () =>
      (this.#client as PGlite).transaction(async (client) => {
        const session = new TypedSession(client, this.#dialect, this.#options)
        const tx = new PgliteTransaction<NoTables, NoTables>(this.#dialect, session as never, undefined)
        if (config) await tx.setTransaction(config)
        return work(tx)
      })
    return untilAborted(run, this.#options.signal)
  }
}
