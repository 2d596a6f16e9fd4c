// Neo4j as the graph store will find it: reachable, new enough, writable, with the right to make constraints and indexes, and migrated so far.
import { Neo4jError } from 'neo4j-driver'
import { failed, ok, skipped, warning, type Finding } from '../../../contracts/doctor.ts'
import { judgeClockSkew, judgeStoreVersion } from '../../../contracts/judge-store.ts'
import { deepestReason, isMisconfigured, type StoreExamination } from '../../../contracts/store-checks.ts'
import { connectNeo4j, type Neo4jConnection, type Neo4jConnectionOptions } from '../adapters/neo4j-connection.ts'
import { NEWEST_MIGRATION, readMigrationState, type MigrationState } from '../adapters/neo4j-migrations.ts'

const OLDEST = {
  oldest: '5.23',
  // Since 5.23: CALL (variable) { … }, which the compiler of questions writes, and vector indexes without the number of dimensions.
  why: 'which does not know the Cypher that the graph store writes',
}
const TIMEOUT_MS = 5_000
const CLOCK = { warnFromMs: 30_000, why: 'what Neo4j and the platform log cannot be held together otherwise' }

interface OpenNeo4j {
  connection: Neo4jConnection
  version: string
}

/** `place`: its address without a password. */
export const examineNeo4j = (
  options: Neo4jConnectionOptions,
  place: string,
): StoreExamination<OpenNeo4j, 'version' | 'writable' | 'migrations' | 'clock'> => ({
  open: (signal) => open(options, signal),
  explain: (error) => explain(error, place),
  close: ({ connection }) => connection.close(),
  looks: {
    version: ({ version }) => judgeStoreVersion(version, OLDEST),
    writable: checkWritable,
    migrations: async ({ connection }, signal) => judgeMigrations(await readMigrationState(connection, signal)),
    clock: checkClock,
  },
})

async function open(options: Neo4jConnectionOptions, signal: AbortSignal): Promise<OpenNeo4j> {
  const connection = connectNeo4j({ ...options, readTimeoutMs: TIMEOUT_MS, writeTimeoutMs: TIMEOUT_MS })
  try {
    const { records } = await connection.read(signal, (transaction) =>
      transaction.run(
        "CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel' RETURN versions[0] AS version",
      ),
    )
    return { connection, version: String(records[0]?.get('version') ?? '') }
  } catch (error) {
    // A server that is silent would hold up whoever waits for this.
    connection.close().catch(() => undefined)
    throw error
  }
}

export function explain(error: unknown, place: string): { stage: string; finding: Finding } {
  const code = codeOf(error)
  if (code.startsWith('Neo.ClientError.Database.') || code === 'Neo.TransientError.Database.DatabaseUnavailable')
    return {
      stage: 'database',
      finding: failed(deepestReason(error), 'Create or start it (CREATE DATABASE … ), or correct NEO4J_DATABASE.'),
    }
  if (isMisconfigured(error)) {
    const remedy =
      code === 'Neo.ClientError.Security.CredentialsExpired'
        ? 'Change the password that Neo4j came with (ALTER CURRENT USER SET PASSWORD …), and set NEO4J_PASSWORD to it.'
        : 'Correct NEO4J_USERNAME and NEO4J_PASSWORD.'
    return { stage: 'credentials', finding: failed(`refused: ${deepestReason(error)}`, remedy) }
  }
  const { hostname, port } = new URL(place)
  const remedy = `See that Neo4j runs at ${hostname}:${port || 7687} and listens for this machine (server.bolt.listen_address, firewall), or correct NEO4J_URI.`
  // What the driver says of it goes on with advice over several lines.
  const [why] = deepestReason(error).split('\n')
  return { stage: 'reachable', finding: failed(`${place}: ${why}`, remedy) }
}

class Undone extends Error {}

/** Writes, and makes an index, in transactions that are rolled back; on labels and properties that the migration brings anyway. */
async function checkWritable({ connection }: OpenNeo4j, signal: AbortSignal): Promise<Finding> {
  for (const statement of [
    'CREATE (n:TributaryMigration {version: -1}) DELETE n',
    'CREATE INDEX tributary_doctor IF NOT EXISTS FOR (n:TributaryMigration) ON (n.appliedAt)',
  ])
    try {
      await connection.write(signal, async (transaction) => {
        await transaction.run(statement)
        throw new Undone()
      })
    } catch (error) {
      if (!(error instanceof Undone)) return explainRefusal(error)
    }
  return ok('it takes writes, and this user may make indexes')
}

export function explainRefusal(error: unknown): Finding {
  const [code, why] = [codeOf(error), deepestReason(error)]
  if (/ReadOnly|NotALeader/.test(code))
    return failed(
      'the database can only be read',
      'Allow writes (server.databases.default_to_read_only, ALTER DATABASE … SET ACCESS READ WRITE), or point NEO4J_URI at the cluster with neo4j://.',
    )
  if (code === 'Neo.ClientError.Security.Forbidden')
    return failed(
      `not allowed: ${why}`,
      'Give the user of NEO4J_USERNAME a role that reads, writes and makes constraints, indexes and names (GRANT ROLE architect TO …).',
    )
  return failed(why, 'See what Neo4j says in its log.')
}

export function judgeMigrations({ version, present, missing }: MigrationState): Finding {
  const start = 'Start the role graph of this version, which'
  if (version > NEWEST_MIGRATION)
    return failed(
      `written by a newer version: the database has had ${version}; this version knows ${NEWEST_MIGRATION}`,
      'Start that version, or use another database (NEO4J_DATABASE).',
    )
  if (version === NEWEST_MIGRATION && missing.length === 0) return ok(`up to date (${version})`)
  if (version === NEWEST_MIGRATION)
    return failed(
      `somebody dropped ${missing.join(', ')}`,
      'Delete the nodes of TributaryMigration and start the role graph, which makes them again.',
    )
  if (version === 0 && present.length === 0) return warning('none applied yet', `${start} applies them.`)
  if (present.length > 0 && missing.length > 0 && version === 0)
    return warning(`half done: ${missing.join(', ')} are missing`, `${start} finishes it.`)
  return warning(`behind: the database has had ${version} of ${NEWEST_MIGRATION}`, `${start} applies the others.`)
}

async function checkClock({ connection }: OpenNeo4j, signal: AbortSignal): Promise<Finding> {
  const before = Date.now()
  const { records } = await connection.read(signal, (transaction) =>
    transaction.run('RETURN datetime.realtime().epochMillis AS now'),
  )
  const now = Number(records[0]?.get('now'))
  return Number.isFinite(now)
    ? judgeClockSkew(now - (before + Date.now()) / 2, CLOCK)
    : skipped('it does not tell the time')
}

/** That of Neo4j, for example `Neo.ClientError.Security.Unauthorized`; empty where it said nothing. */
function codeOf(error: unknown): string {
  for (let each = error; each instanceof Error; each = each.cause) if (each instanceof Neo4jError) return each.code
  return ''
}
