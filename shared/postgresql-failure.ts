// What the PostgreSQL driver or PGlite throws, in the words of the platform: whether the server is away, busy, read-only, full, or refuses who calls. What a
// statement itself did wrong (a unique index that refuses a row, bad SQL) is no failure of the database and stays as it is.
import { TributaryError } from './errors.ts'

/** Of the socket, by Node's codes. */
const UNREACHABLE = new Set(
  'ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT EHOSTUNREACH EHOSTDOWN ENETUNREACH ENOTFOUND EAI_AGAIN ENOENT'.split(' '),
)

/** The driver's own words for a connection that is gone, cannot be made or does not answer. They carry no code. */
const CONNECTION_LOST = /^Connection terminated|is not queryable$|^timeout e(xceeded|xpired)|^Query read timeout$/
const NOT_ANSWERING = 'Query read timeout'
const POOL_BUSY = 'timeout exceeded when trying to connect'

interface DriverError extends Error {
  /** SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html), or Node's code. */
  code?: string
}

/** Null for errors that are about the statement, not about the server. Looks through the errors that libraries wrap around the driver's. */
export function databaseFailure(error: unknown): TributaryError | null {
  for (let current = error, depth = 0; current instanceof Error && depth < 8; depth += 1) {
    if (current instanceof TributaryError) return current
    const failure = failureOf(current, error)
    if (failure) return failure
    current = current instanceof AggregateError ? current.errors[0] : current.cause
  }
  return null
}

/** Whether the connection that threw it is of no use any more: gone, silent, or opened while its server could only be read. */
export function isConnectionUseless(error: unknown): boolean {
  for (let current = error, depth = 0; current instanceof Error && depth < 8; depth += 1) {
    const { code = '', message } = current as DriverError
    if (UNREACHABLE.has(code) || CONNECTION_LOST.test(message) || /^(08...|57P0[12345]|25P03|25006)$/.test(code))
      return true
    current = current.cause
  }
  return false
}

function failureOf({ code = '', message }: DriverError, cause: unknown): TributaryError | null {
  const failure = (name: ConstructorParameters<typeof TributaryError>[0], text: string) =>
    new TributaryError(name, text, { cause })
  if (message === NOT_ANSWERING) return failure('UPSTREAM_TIMED_OUT', 'The database does not answer.')
  if (message === POOL_BUSY)
    return failure('UPSTREAM_UNAVAILABLE', 'No connection to the database became free in time.')
  if (UNREACHABLE.has(code) || CONNECTION_LOST.test(message))
    return failure('UPSTREAM_UNAVAILABLE', 'The database cannot be reached.')
  if (message.startsWith('SASL: SCRAM')) return failure('CONFIGURATION_INVALID', 'The database wants a password.')
  switch (code) {
    case '57P01': // admin_shutdown
    case '57P02': // crash_shutdown
    case '57P03': // cannot_connect_now
    case '57P05': // idle_session_timeout
      return failure('UPSTREAM_UNAVAILABLE', 'The database is restarting.')
    case '53300': // too_many_connections
      return failure('UPSTREAM_UNAVAILABLE', 'The database has no connection left.')
    case '25006': // read_only_sql_transaction
      return failure('UPSTREAM_UNAVAILABLE', 'The database can only be read: it is a standby, or set to be read-only.')
    case '53100': // disk_full
      return failure(
        'CAPACITY_EXCEEDED',
        'The disk of the database (DATABASE_URL, or TRIBUTARY_DATA_DIR where it is embedded) is full. Make room on it, then try again.',
      )
    case '57014': // query_canceled
    case '55P03': // lock_not_available
    case '25P03': // idle_in_transaction_session_timeout
      return failure('UPSTREAM_TIMED_OUT', 'The database did not finish in time.')
    case '28P01': // invalid_password
    case '28000': // invalid_authorization_specification
      return failure('CONFIGURATION_INVALID', 'The database refuses its user or password.')
    case '3D000': // invalid_catalog_name
      return failure('CONFIGURATION_INVALID', 'There is no database of that name.')
    default:
      return code.startsWith('08') ? failure('UPSTREAM_UNAVAILABLE', 'The connection to the database broke.') : null
  }
}
