// PostgreSQL as the roles will find it: reachable, new enough, with the rights that migrations need, connections for all, and the same time as here.
import { sql } from 'drizzle-orm'
import { rowsOf, type Database } from '#shared/database.ts'
import { TributaryError } from '#shared/errors.ts'
import { maskPasswords } from '#shared/masking.ts'
import { databaseFailure } from '#shared/postgresql-failure.ts'
import { checkConfiguration } from '#shared/configuration.ts'
import { failed, ok, skipped, warning, type Check, type Finding } from '../../../contracts/doctor.ts'
import { judgeClockSkew, type ClockLimits } from '../../../contracts/judge-store.ts'
import { DATABASE_POOL_SIZE, LISTENERS, processRoleSchema, QUEUE_POOL_SIZE } from '../../../contracts/platform.ts'
import { deepestReason } from '../../../contracts/store-checks.ts'
import type { OpenDoctorContext } from '../context.ts'
import type { Role } from '../roles.ts'

const SUBJECT = 'PostgreSQL'
/** The queue (pg-boss 12) needs it; everything else works on older ones. */
const OLDEST_MAJOR = 13
const CLOCK: ClockLimits = {
  warnFromMs: 1_000,
  // Half the life of a signed identity.
  failFromMs: 30_000,
  why: 'identities are signed for a minute',
}

export function postgresqlChecks(context: OpenDoctorContext, roles: readonly Role[]): Check[] {
  const check = (name: string, look: (database: Database) => Promise<Finding>): Check => ({
    subject: SUBJECT,
    name,
    async run() {
      const database = await context.database()
      return database ? look(database) : skipped('it cannot be used')
    },
  })
  return [
    { subject: SUBJECT, name: 'reachable', run: () => checkReachable(context) },
    check('version', checkVersion),
    check('rights', checkRights),
    check('writable', checkWritable),
    check('clock', checkClock),
    check('connections', (database) => checkConnections(database, connectionsOf(context.environment, roles))),
  ]
}

async function checkReachable(context: OpenDoctorContext): Promise<Finding> {
  if (context.databaseUrl === null)
    return failed(
      'DATABASE_URL is not set, or no address',
      'Set it to postgresql://…@host:5432/database, with user and password before the @.',
    )
  const startedAt = performance.now()
  const opened = await context.openedDatabase()
  const place = maskPasswords(context.databaseUrl)
  if (opened instanceof Error) return explain(opened, place)
  return ok(`${place}, in ${Math.round(performance.now() - startedAt)} ms`)
}

function explain(error: Error, place: string): Finding {
  const failure = databaseFailure(error instanceof TributaryError ? error.cause : error)
  const why = deepestReason(error)
  const { username, hostname, port, pathname } = new URL(place)
  if (failure?.code !== 'CONFIGURATION_INVALID')
    return failed(
      `${place}: ${why}`,
      `See that PostgreSQL runs at ${hostname}:${port || 5432} and listens for this machine (listen_addresses, firewall).`,
    )
  if (/database ".*" does not exist/.test(why))
    return failed(`${place}: ${why}`, `Make it: createdb ${pathname.slice(1)}, or correct DATABASE_URL.`)
  return failed(
    `${place}: ${why}`,
    `Correct user and password in DATABASE_URL, or allow "${decodeURIComponent(username)}" in pg_hba.conf.`,
  )
}

async function checkVersion(database: Database): Promise<Finding> {
  const row = await one<{ number: number; version: string }>(
    database,
    sql`select current_setting('server_version_num')::int as number, current_setting('server_version') as version`,
  )
  return judgeVersion(row.number, row.version)
}

/** `number` as `server_version_num` has it: 150008 for 15.8. */
export function judgeVersion(number: number, version: string): Finding {
  if (Math.floor(number / 10_000) >= OLDEST_MAJOR) return ok(version)
  return failed(
    `${version}, which the queue of durable messages does not run on`,
    `Upgrade the server to PostgreSQL ${OLDEST_MAJOR} or newer.`,
  )
}

async function checkRights(database: Database): Promise<Finding> {
  const row = await one<{ user: string; name: string; may_create: boolean }>(
    database,
    sql`select current_user as user, current_database() as name,
          has_database_privilege(current_user, current_database(), 'CREATE') as may_create`,
  )
  if (row.may_create) return ok(`${row.user} may create schemas in ${row.name}; no extensions are needed`)
  return failed(
    `${row.user} may not create schemas in ${row.name}, which migrations do`,
    `As its owner: grant create on database ${row.name} to ${row.user};`,
  )
}

async function checkWritable(database: Database): Promise<Finding> {
  const row = await one<{ is_standby: boolean; read_only: string }>(
    database,
    sql`select pg_is_in_recovery() as is_standby, current_setting('transaction_read_only') as read_only`,
  )
  if (row.is_standby) return failed('it is a standby, which can only be read', 'Point DATABASE_URL at the primary.')
  if (row.read_only === 'on')
    return failed(
      'sessions can only read (default_transaction_read_only)',
      'Set default_transaction_read_only to off for this database and user.',
    )
  return ok('yes')
}

async function checkClock(database: Database): Promise<Finding> {
  const before = Date.now()
  const { now } = await one<{ now: string }>(
    database,
    sql`select (extract(epoch from clock_timestamp()) * 1000)::bigint::text as now`,
  )
  return judgeClockSkew(Number(now) - (before + Date.now()) / 2, CLOCK)
}

/** How many connections one process of each role may have. */
function connectionsOf(environment: NodeJS.ProcessEnv, roles: readonly Role[]): number {
  const outcome = checkConfiguration(processRoleSchema.pick({ TRIBUTARY_DATABASE_POOL_SIZE: true }), environment)
  const configured = 'configuration' in outcome ? outcome.configuration.TRIBUTARY_DATABASE_POOL_SIZE : undefined
  return roles.reduce((sum, { subgraph, kind }) => {
    if (subgraph === null || kind === 'standalone') return sum
    return sum + (configured ?? DATABASE_POOL_SIZE[kind]) + QUEUE_POOL_SIZE[kind] + LISTENERS
  }, 0)
}

async function checkConnections(database: Database, needed: number): Promise<Finding> {
  const row = await one<{ most: number; reserved: number; others: number }>(
    database,
    sql`select current_setting('max_connections')::int as most, current_setting('superuser_reserved_connections')::int as reserved,
          (select count(*)::int from pg_stat_activity
           where backend_type = 'client backend' and application_name not like 'tributary-%') as others`,
  )
  return judgeConnections({ ...row, needed })
}

/** `others`: taken by other programs; `needed`: by one process of each role that was asked about. */
export function judgeConnections(count: { most: number; reserved: number; others: number; needed: number }): Finding {
  const left = count.most - count.reserved - count.others
  const words = `${left} of ${count.most} for the platform; one process of each role uses up to ${count.needed}`
  if (left >= count.needed) return ok(words)
  return warning(
    words,
    'Raise max_connections, lower TRIBUTARY_DATABASE_POOL_SIZE, or put a pooler in session mode before it.',
  )
}

async function one<Row>(database: Database, statement: ReturnType<typeof sql>): Promise<Row> {
  const [row] = await rowsOf<Row>(database.sql, statement)
  return row!
}
