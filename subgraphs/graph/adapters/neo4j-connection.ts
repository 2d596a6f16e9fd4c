// Transactions on Neo4j, each with a deadline, its caller's signal and typed errors. The driver connects when it is first used and again
// whenever it has to; transient errors (an election, a deadlock) are tried again for a moment.
import neo4j, { Neo4jError, type ManagedTransaction, type QueryResult } from 'neo4j-driver'
import { TributaryError } from '#shared/errors.ts'
import { graphStoreStopped, graphStoreUnavailable } from '../ports/graph-store.ts'

export interface Neo4jConnectionOptions {
  /** `neo4j://` routes within a cluster, `bolt://` talks to one server; `+s` behind either asks for TLS. */
  uri: string
  username: string
  password: string
  /** Default: the server's own default. */
  database?: string | undefined
  /** Longest wait for the answer to all that one call reads, in milliseconds. Default 10,000. */
  readTimeoutMs?: number | undefined
  /** Longest time one transaction may write, in milliseconds; a document of a hundred thousand mentions takes half a minute. Default 120,000. */
  writeTimeoutMs?: number | undefined
  /** Called with each statement that is sent. */
  onStatement?: ((statement: string) => void) | undefined
}

/** What a transaction can do here. */
export interface Neo4jTransaction {
  run(statement: string, parameters?: object): Promise<QueryResult>
}

export interface Neo4jConnection {
  read<Result>(signal: AbortSignal, work: (transaction: Neo4jTransaction) => Promise<Result>): Promise<Result>
  /** All that `work` writes is there, or nothing. It may be called again when the server asks for that. */
  write<Result>(signal: AbortSignal, work: (transaction: Neo4jTransaction) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

const CONNECT_TIMEOUT_MS = 2_000
const ACQUIRE_TIMEOUT_MS = 4_000
/** Of transient errors: longer outages are the business of whoever called. */
const RETRY_MS = 2_000
/** A connection that lay idle for so long is tried before it is used: firewalls drop such ones silently. */
const IDLE_MS = 60_000

export function connectNeo4j(options: Neo4jConnectionOptions): Neo4jConnection {
  const { readTimeoutMs = 10_000, writeTimeoutMs = 120_000, onStatement } = options
  const driver = neo4j.driver(options.uri, neo4j.auth.basic(options.username, options.password), {
    connectionTimeout: CONNECT_TIMEOUT_MS,
    connectionAcquisitionTimeout: ACQUIRE_TIMEOUT_MS,
    connectionLivenessCheckTimeout: IDLE_MS,
    maxTransactionRetryTime: RETRY_MS,
    disableLosslessIntegers: true,
    userAgent: 'tributary',
  })

  async function within<Result>(
    mode: 'READ' | 'WRITE',
    timeoutMs: number,
    signal: AbortSignal,
    work: (transaction: Neo4jTransaction) => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted()
    const session = driver.session({
      defaultAccessMode: mode,
      ...(options.database === undefined ? {} : { database: options.database }),
    })
    const timeout = AbortSignal.timeout(timeoutMs)
    const ended = Promise.withResolvers<never>()
    const either = AbortSignal.any([signal, timeout])
    const end = () => ended.reject(either.reason)
    either.addEventListener('abort', end, { once: true })
    const run = (transaction: ManagedTransaction) => work(observed(transaction))
    // The server gives up at the same time, also where our message that we did so cannot reach it.
    const config = { timeout: timeoutMs }
    const working = mode === 'READ' ? session.executeRead(run, config) : session.executeWrite(run, config)
    try {
      return await Promise.race([working, ended.promise])
    } catch (error) {
      signal.throwIfAborted()
      if (timeout.aborted) throw timedOut(error)
      throw typed(error)
    } finally {
      either.removeEventListener('abort', end)
      working.catch(() => undefined)
      // A server that does not answer would hold up whoever waits for this; a transaction that is open is rolled back by it.
      session.close().catch(() => undefined)
    }
  }

  const observed = (transaction: ManagedTransaction): Neo4jTransaction => ({
    async run(statement, parameters) {
      onStatement?.(statement)
      return transaction.run(statement, parameters)
    },
  })

  return {
    read: (signal, work) => within('READ', readTimeoutMs, signal, work),
    write: (signal, work) => within('WRITE', writeTimeoutMs, signal, work),
    close: () => driver.close(),
  }
}

const timedOut = (cause: unknown) =>
  new TributaryError('UPSTREAM_TIMED_OUT', 'The graph store did not answer in time.', { cause })

/** https://neo4j.com/docs/status-codes/current/ */
function typed(error: unknown): unknown {
  const cause = findNeo4jError(error)
  if (cause === null) return error
  const { code } = cause
  if (code.startsWith('Neo.ClientError.Security.')) {
    // Retryable: whoever mends the password finds the work waiting.
    return new TributaryError(
      'CONFIGURATION_INVALID',
      'Neo4j refuses NEO4J_USERNAME and NEO4J_PASSWORD, or does not allow this user to do what is needed.',
      { cause, isRetryable: true },
    )
  }
  if (code.startsWith('Neo.ClientError.Database.'))
    return new TributaryError(
      'CONFIGURATION_INVALID',
      `Neo4j does not have the database of NEO4J_DATABASE, or does not let it be used: ${cause.message}`,
      { cause, isRetryable: true },
    )
  if (/ReadOnly/.test(code))
    return new TributaryError('UPSTREAM_UNAVAILABLE', 'The graph store is read-only now; nothing can be stored.', {
      cause,
    })
  if (/TransactionTimedOut/.test(code)) return timedOut(cause)
  // What it cannot write, most often for want of room, stops the database: that is said of the transaction, and then of every other.
  if (/\.(TransactionLogError|TransactionCommitFailed)$/.test(code) || /needs to be restarted/.test(cause.message))
    return graphStoreStopped('Neo4j (NEO4J_URI)', cause)
  if (/OutOfMemory/.test(code))
    return new TributaryError('CAPACITY_EXCEEDED', 'The graph store has no memory left for this.', { cause })
  // Migrations tell these from each other.
  if (code.startsWith('Neo.ClientError.Schema.')) return cause
  if (/^Neo\.ClientError\.(Statement|Request)\./.test(code))
    return new TributaryError('INTERNAL_SERVER_ERROR', 'The graph store does not take a statement.', { cause })
  return graphStoreUnavailable(cause)
}

/** `@neo4j/graphql` wraps what the driver throws. */
function findNeo4jError(error: unknown): Neo4jError | null {
  for (let each: unknown = error; each instanceof Error; each = originOf(each))
    if (each instanceof Neo4jError) return each
  return null
}

const originOf = (error: Error): unknown => ('originalError' in error && error.originalError) || error.cause
