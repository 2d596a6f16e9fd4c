// GraphStore on Neo4j. Whatever is read, to any depth, is one Cypher statement that @neo4j/graphql compiles. Writers of one knowledge base take
// turns, as on PostgreSQL: two documents that gain and lose the same entity at once would otherwise each count with the other's share unseen.
import type { RankedEntity } from '../domain/graph-records.ts'
import { normalizeName } from '../domain/normalize-name.ts'
import type { EntitiesOfOptions, GraphStore } from '../ports/graph-store.ts'
import { connectNeo4j, type Neo4jConnection, type Neo4jConnectionOptions } from './neo4j-connection.ts'
import { createContributionWriter } from './neo4j-contributions.ts'
import { readContributions } from './neo4j-document-contributions.ts'
import { migrateNeo4j } from './neo4j-migrations.ts'
import {
  createQuestion,
  toEntity,
  toRelationship,
  type Connection,
  type EntityAnswer,
  type Question,
  type RelationshipAnswer,
} from './neo4j-question.ts'
import { buildNeo4jSchema } from './neo4j-schema.ts'
import { createNeo4jStatements, type Neo4jStatements } from './neo4j-statements.ts'

/** Nodes that one transaction of a deletion takes; tens of thousands fit into the memory of a transaction. */
const DELETED_PER_TRANSACTION = 10_000

/** Migrates the database first. Throws when it cannot be reached. */
export async function openNeo4jGraphStore(options: Neo4jConnectionOptions): Promise<GraphStore> {
  const connection = connectNeo4j(options)
  try {
    const [schema] = await Promise.all([buildNeo4jSchema(), migrateNeo4j(connection)])
    return createStore(connection, createNeo4jStatements(schema))
  } catch (error) {
    await connection.close()
    throw error
  }
}

function createStore(connection: Neo4jConnection, statements: Neo4jStatements): GraphStore {
  const ask = <Row>(workspaceId: string, question: Question, root: string, signal: AbortSignal): Promise<Row[]> =>
    connection.read(signal, (transaction) =>
      statements.read<Row>(transaction, workspaceId, question.operation(`found: ${root}`)),
    )

  return {
    replaceDocument: (workspaceId, contributions, signal) =>
      orDeleted(
        connection.write(signal, async (transaction) => {
          const writer = createContributionWriter(transaction, workspaceId, contributions.knowledgeBaseId)
          await writer.lock()
          // To throw rolls back: the lock may have made the knowledge base anew.
          if (await writer.isDeleted(contributions.documentId)) throw new DeletedMeanwhile()
          await writer.replaceDocument(contributions)
        }),
      ),

    readDocument: (workspaceId, knowledgeBaseId, documentId, signal) =>
      connection.read(signal, (transaction) =>
        readContributions(transaction, workspaceId, knowledgeBaseId, documentId),
      ),

    deleteDocument: (workspaceId, knowledgeBaseId, documentId, signal) =>
      connection.write(signal, async (transaction) => {
        const writer = createContributionWriter(transaction, workspaceId, knowledgeBaseId)
        await writer.lock()
        await writer.markDeleted(documentId)
        await writer.removeDocument(documentId)
      }),

    async deleteKnowledgeBase(workspaceId, knowledgeBaseId, signal) {
      await connection.write(signal, async (transaction) => {
        const writer = createContributionWriter(transaction, workspaceId, knowledgeBaseId)
        await writer.lock()
        await writer.markDeleted(knowledgeBaseId)
      })
      const parameters = { workspaceId, knowledgeBaseId }
      for (const label of ['Mention', 'Relationship', 'Document', 'Entity']) {
        const statement = `MATCH (n:${label} {workspaceId: $workspaceId, knowledgeBaseId: $knowledgeBaseId})
          WITH n LIMIT ${DELETED_PER_TRANSACTION} DETACH DELETE n RETURN count(*) AS count`
        let deleted: number
        do {
          const { records } = await connection.write(signal, (transaction) => transaction.run(statement, parameters))
          deleted = Number(records[0]!.get('count'))
        } while (deleted === DELETED_PER_TRANSACTION)
      }
      const last = 'MATCH (k:KnowledgeBase {workspaceId: $workspaceId, id: $knowledgeBaseId}) DETACH DELETE k'
      await connection.write(signal, (transaction) => transaction.run(last, parameters))
    },

    async entitiesOf(options) {
      const { workspaceId, scope, selection, signal } = options
      if (scope.ids.length === 0) return new Map()
      const question = createQuestion()
      const owners = await ask<OwnerAnswer>(workspaceId, question, rankedRoot(question, options), signal)
      return new Map(
        owners.flatMap(({ id, entitiesConnection: { edges } }): [string, RankedEntity[]][] => {
          const rows = edges.map(({ node, properties }) => {
            const { mentionCount: rank } = properties ?? node
            return { ...toEntity(node, selection), rank }
          })
          return rows.length === 0 ? [] : [[id, rows]]
        }),
      )
    },

    async findEntities(ids, { workspaceId, selection, signal }) {
      if (ids.length === 0) return []
      const question = createQuestion()
      const where = question.variable('EntityWhere', { id: { in: ids } })
      const root = `entities(where: ${where}) ${question.entity(selection)}`
      const found = await ask<EntityAnswer>(workspaceId, question, root, signal)
      return found.map((each) => toEntity(each, selection))
    },

    async findRelationships(ids, { workspaceId, selection, signal }) {
      if (ids.length === 0) return []
      const question = createQuestion()
      const where = question.variable('RelationshipWhere', { id: { in: ids } })
      const root = `relationships(where: ${where}) ${question.relationship(selection)}`
      const found = await ask<RelationshipAnswer>(workspaceId, question, root, signal)
      return found.map((each) => toRelationship(each, selection))
    },

    close: () => connection.close(),
  }
}

interface OwnerAnswer {
  id: string
  entitiesConnection: Connection<EntityAnswer, { mentionCount: number } | undefined>
}

/** The root field for entities of a scope. Within a document they are ranked by what it says of them, else by their own counts. */
function rankedRoot(question: Question, { scope, page, filter = {}, selection }: EntitiesOfOptions): string {
  const [owner, field, rankOn, properties] =
    scope.kind === 'documents'
      ? (['Document', 'documents', 'edge', 'properties { mentionCount }'] as const)
      : (['KnowledgeBase', 'knowledgeBases', 'node', ''] as const)
  const node = {
    ...(filter.type == null ? {} : { type: { eq: filter.type } }),
    ...(filter.query == null ? {} : { normalizedName: { contains: normalizeName(filter.query) } }),
  }
  const { after } = page
  const rank = (comparison: object) => ({ [rankOn]: { mentionCount: comparison } })
  const behind =
    after === null
      ? []
      : [{ OR: [rank({ lt: after.rank }), { AND: [rank({ eq: after.rank }), { node: { id: { gt: after.id } } }] }] }]
  const owners = question.variable(`${owner}Where`, { id: { in: scope.ids } })
  const where = question.variable(`${owner}EntitiesConnectionWhere`, { AND: [{ node }, ...behind] })
  const limit = question.variable('Int', page.limit)
  return `${field}(where: ${owners}) { id entitiesConnection(where: ${where}, first: ${limit}, sort: [{ ${rankOn}: { mentionCount: DESC } }, { node: { id: ASC } }]) {
    edges { ${properties} node ${question.entity(selection)} } } }`
}

class DeletedMeanwhile extends Error {}

async function orDeleted(writing: Promise<void>): Promise<'replaced' | 'deleted'> {
  try {
    await writing
    return 'replaced'
  } catch (error) {
    if (error instanceof DeletedMeanwhile) return 'deleted'
    throw error
  }
}
