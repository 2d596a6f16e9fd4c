// What the Neo4j GraphStore expects of its database, as versions that are never changed again: each statement may be run twice, and a version is
// noted when all of its statements have run, so a migration that was killed half done is finished by the next one.
import neo4j, { Neo4jError } from 'neo4j-driver'
import { TributaryError } from '#shared/errors.ts'
import type { Neo4jConnection } from './neo4j-connection.ts'

const unique = (label: string, ...properties: string[]) =>
  `CREATE CONSTRAINT ${label.toLowerCase()}_key IF NOT EXISTS FOR (n:${label}) REQUIRE (${properties.map((each) => `n.${each}`).join(', ')}) IS UNIQUE`
const index = (label: string, ...properties: string[]) =>
  `CREATE INDEX ${label.toLowerCase()}_by_${properties.at(-1)!.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)} IF NOT EXISTS FOR (n:${label}) ON (${properties.map((each) => `n.${each}`).join(', ')})`

const VERSIONS: readonly { version: number; statements: readonly string[] }[] = [
  {
    version: 1,
    statements: [
      unique('TributaryMigration', 'version'),
      unique('KnowledgeBase', 'workspaceId', 'id'),
      unique('Document', 'workspaceId', 'id'),
      unique('Entity', 'workspaceId', 'id'),
      unique('Relationship', 'workspaceId', 'id'),
      unique('Deletion', 'workspaceId', 'subjectId'),
      index('Mention', 'workspaceId', 'documentId'),
      ...['Mention', 'Document', 'Entity', 'Relationship'].map((label) =>
        index(label, 'workspaceId', 'knowledgeBaseId'),
      ),
      // Entities by words of their name, and by the meaning of whatever is embedded of them.
      'CREATE FULLTEXT INDEX entity_name IF NOT EXISTS FOR (n:Entity) ON EACH [n.name]',
      'CREATE VECTOR INDEX entity_embedding IF NOT EXISTS FOR (n:Entity) ON (n.embedding)',
    ],
  },
]

export const NEWEST_MIGRATION = VERSIONS.at(-1)!.version
const MIGRATE_TIMEOUT_MS = 60_000

/** The version that the database has, 0 when it has none. */
export async function readMigrationVersion(connection: Neo4jConnection, signal: AbortSignal): Promise<number> {
  const { records } = await connection.read(signal, (transaction) =>
    transaction.run('MATCH (n:TributaryMigration) RETURN coalesce(max(n.version), 0) AS version'),
  )
  return Number(records[0]!.get('version'))
}

export interface MigrationState {
  /** 0 when none was finished. */
  version: number
  /** Names of the constraints and indexes that are there, of all that the newest version has. */
  present: readonly string[]
  missing: readonly string[]
}

/** How far the database is, also half-way between two versions. */
export async function readMigrationState(connection: Neo4jConnection, signal: AbortSignal): Promise<MigrationState> {
  const version = await readMigrationVersion(connection, signal)
  // A constraint has an index of its own name.
  const { records } = await connection.read(signal, (transaction) => transaction.run('SHOW INDEXES YIELD name'))
  const there = new Set(records.map((record) => record.get('name') as string))
  const names = VERSIONS.flatMap(({ statements }) => statements.map((each) => /(\w+) IF NOT EXISTS/.exec(each)![1]!))
  return {
    version,
    present: names.filter((name) => there.has(name)),
    missing: names.filter((name) => !there.has(name)),
  }
}

/** Brings the database to the newest version. Safe from several processes at once. Throws CONFIGURATION_INVALID when it is newer than that. */
export async function migrateNeo4j(connection: Neo4jConnection): Promise<void> {
  const signal = AbortSignal.timeout(MIGRATE_TIMEOUT_MS)
  const version = await readMigrationVersion(connection, signal)
  if (version > NEWEST_MIGRATION) {
    throw new TributaryError(
      'CONFIGURATION_INVALID',
      `The graph in Neo4j has version ${version}, and this program knows versions up to ${NEWEST_MIGRATION}. Start the newer program that it belongs to, or give another database in NEO4J_DATABASE.`,
    )
  }
  for (const { version: next, statements } of VERSIONS.filter((each) => each.version > version)) {
    // Neo4j does not let one transaction change the schema and data.
    for (const statement of statements) {
      await connection
        .write(signal, (transaction) => transaction.run(statement))
        .catch((error: unknown) => {
          if (!wasMadeMeanwhile(error)) throw error
        })
    }
    await connection.write(signal, (transaction) =>
      transaction.run('MERGE (n:TributaryMigration {version: $version}) ON CREATE SET n.appliedAt = datetime()', {
        version: neo4j.int(next),
      }),
    )
  }
}

/** "If not exists" is asked before it is made: of two processes that both found nothing, the second one is told so. */
const wasMadeMeanwhile = (error: unknown): boolean =>
  error instanceof Neo4jError && error.code === 'Neo.ClientError.Schema.EquivalentSchemaRuleAlreadyExists'
