// The GraphStore that is configured, ready to be used: its tables or indexes are made first. Safe to run from several processes at once.
import type { Database } from '#shared/database.ts'
import type { GraphStore } from '../ports/graph-store.ts'
import type { Neo4jConnectionOptions } from './neo4j-connection.ts'
import { createPostgresGraphStore } from './postgres-graph-store.ts'

export interface OpenGraphStoreOptions {
  /** Migrated already. */
  database: Database
  /** Null: the graph is kept in the database. */
  neo4j: Neo4jConnectionOptions | null
}

export async function openGraphStore({ database, neo4j }: OpenGraphStoreOptions): Promise<GraphStore> {
  if (neo4j === null) return createPostgresGraphStore({ database })
  // Loaded where it is used: driver and compiler take half a second.
  const { openNeo4jGraphStore } = await import('./neo4j-graph-store.ts')
  return openNeo4jGraphStore(neo4j)
}
