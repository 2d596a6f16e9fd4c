// The writing half of the Neo4j GraphStore: steps within one transaction on one knowledge base. Rows travel as lists that a statement unwinds.
import neo4j from 'neo4j-driver'
import type { MentionPlace } from '../domain/graph-records.ts'
import type { StoredContributions } from '../ports/graph-store.ts'
import type { Neo4jTransaction } from './neo4j-connection.ts'

/** Rows that one statement unwinds; bounds what it sends to about a megabyte. */
const ROWS_PER_STATEMENT = 5_000

export interface ContributionWriter {
  /** Waits until no other transaction writes to the knowledge base. */
  lock(): Promise<void>
  /** Whether the document or its knowledge base was deleted. */
  isDeleted(documentId: string): Promise<boolean>
  markDeleted(subjectId: string): Promise<void>
  replaceDocument(contributions: StoredContributions): Promise<void>
  removeDocument(documentId: string): Promise<void>
}

export function createContributionWriter(
  transaction: Neo4jTransaction,
  workspaceId: string,
  knowledgeBaseId: string,
): ContributionWriter {
  const scope = { workspaceId, knowledgeBaseId }

  const run = (statement: string, parameters: object = {}) => transaction.run(statement, { ...scope, ...parameters })

  async function runForRows(statement: string, rows: readonly unknown[], parameters: object = {}): Promise<void> {
    for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT)
      await run(statement, { ...parameters, rows: rows.slice(start, start + ROWS_PER_STATEMENT) })
  }

  async function idsFrom(statement: string, documentId: string): Promise<string[]> {
    const { records } = await run(statement, { documentId })
    return records.map((record) => String(record.get('id')))
  }

  /** What the document contributed is gone afterwards, and what it contributed to is not counted anew yet. */
  async function clearDocument(documentId: string): Promise<{ entityIds: string[]; relationshipIds: string[] }> {
    const entityIds = await idsFrom(
      'MATCH (:Document {workspaceId: $workspaceId, id: $documentId})-[n:NAMES]->(e:Entity) DELETE n RETURN DISTINCT e.id AS id',
      documentId,
    )
    const relationshipIds = await idsFrom(
      'MATCH (r:Relationship)-[:SHOWN_AT]->(:Mention {workspaceId: $workspaceId, documentId: $documentId}) RETURN DISTINCT r.id AS id',
      documentId,
    )
    await run('MATCH (m:Mention {workspaceId: $workspaceId, documentId: $documentId}) DETACH DELETE m', { documentId })
    return { entityIds, relationshipIds }
  }

  async function recount(entityIds: readonly string[], relationshipIds: readonly string[]): Promise<void> {
    await runForRows(
      `UNWIND $rows AS id
      MATCH (r:Relationship {workspaceId: $workspaceId, id: id})
      WITH r, COUNT { (r)-[:SHOWN_AT]->() } AS weight
      FOREACH (_ IN CASE WHEN weight = 0 THEN [1] ELSE [] END | DETACH DELETE r)
      FOREACH (_ IN CASE WHEN weight > 0 THEN [1] ELSE [] END | SET r.weight = weight)`,
      relationshipIds,
    )
    // Of equally frequent names the first one.
    await runForRows(
      `UNWIND $rows AS id
      MATCH (e:Entity {workspaceId: $workspaceId, id: id})
      OPTIONAL MATCH (e)<-[n:NAMES]-(:Document)
      WITH e, n.name AS name, sum(n.mentionCount) AS count ORDER BY count DESC, name
      WITH e, collect(name) AS names, sum(count) AS total
      FOREACH (_ IN CASE WHEN size(names) = 0 THEN [1] ELSE [] END | DETACH DELETE e)
      FOREACH (_ IN CASE WHEN size(names) > 0 THEN [1] ELSE [] END | SET e.name = names[0], e.mentionCount = total)`,
      entityIds,
    )
  }

  return {
    async lock() {
      // To set a property takes the node's lock until the transaction ends.
      await run(
        'MERGE (k:KnowledgeBase {workspaceId: $workspaceId, id: $knowledgeBaseId}) SET k.lockedAt = timestamp()',
      )
    },

    async isDeleted(documentId) {
      const { records } = await run(
        'MATCH (d:Deletion {workspaceId: $workspaceId}) WHERE d.subjectId IN [$documentId, $knowledgeBaseId] RETURN 1 LIMIT 1',
        { documentId },
      )
      return records.length > 0
    },

    async markDeleted(subjectId) {
      await run(
        'MERGE (d:Deletion {workspaceId: $workspaceId, subjectId: $subjectId}) ON CREATE SET d.deletedAt = datetime()',
        { subjectId },
      )
    },

    async replaceDocument({ documentId, entities, relationships }) {
      const former = await clearDocument(documentId)
      const inDocument = { documentId }
      await runForRows(
        `MATCH (k:KnowledgeBase {workspaceId: $workspaceId, id: $knowledgeBaseId})
        MERGE (d:Document {workspaceId: $workspaceId, id: $documentId}) ON CREATE SET d.knowledgeBaseId = $knowledgeBaseId
        WITH k, d
        UNWIND $rows AS row
        MERGE (e:Entity {workspaceId: $workspaceId, id: row.id})
          ON CREATE SET e.knowledgeBaseId = $knowledgeBaseId, e.type = row.type, e.normalizedName = row.normalizedName,
            e.name = row.name, e.mentionCount = 0
        MERGE (k)-[:HAS_ENTITY]->(e)
        CREATE (d)-[:NAMES {name: row.name, mentionCount: row.mentionCount}]->(e)`,
        entities.map(({ id, type, normalizedName, name, mentions }) => ({
          id,
          type,
          normalizedName,
          name,
          mentionCount: neo4j.int(mentions.length),
        })),
        inDocument,
      )
      await runForRows(
        `UNWIND $rows AS row
        MATCH (e:Entity {workspaceId: $workspaceId, id: row.id})
        CREATE (e)-[:MENTIONED_AT]->(m:Mention {workspaceId: $workspaceId, knowledgeBaseId: $knowledgeBaseId, documentId: $documentId})
        SET m += row.place`,
        placesOf(entities),
        inDocument,
      )
      await runForRows(
        `UNWIND $rows AS row
        MATCH (s:Entity {workspaceId: $workspaceId, id: row.sourceId}), (t:Entity {workspaceId: $workspaceId, id: row.targetId})
        MERGE (r:Relationship {workspaceId: $workspaceId, id: row.id})
          ON CREATE SET r.knowledgeBaseId = $knowledgeBaseId, r.type = row.type, r.weight = 0
        MERGE (r)-[:HAS_SOURCE]->(s)
        MERGE (r)-[:HAS_TARGET]->(t)
        MERGE (s)-[:TAKES_PART_IN]->(r)
        MERGE (t)-[:TAKES_PART_IN]->(r)`,
        relationships.map(({ id, type, sourceId, targetId }) => ({ id, type, sourceId, targetId })),
      )
      await runForRows(
        `UNWIND $rows AS row
        MATCH (r:Relationship {workspaceId: $workspaceId, id: row.id})
        CREATE (r)-[:SHOWN_AT]->(m:Mention {workspaceId: $workspaceId, knowledgeBaseId: $knowledgeBaseId, documentId: $documentId})
        SET m += row.place`,
        placesOf(relationships),
        inDocument,
      )
      await recount(
        [...new Set([...former.entityIds, ...entities.map(({ id }) => id)])],
        [...new Set([...former.relationshipIds, ...relationships.map(({ id }) => id)])],
      )
    },

    async removeDocument(documentId) {
      const former = await clearDocument(documentId)
      await run('MATCH (d:Document {workspaceId: $workspaceId, id: $documentId}) DETACH DELETE d', { documentId })
      await recount(former.entityIds, former.relationshipIds)
    },
  }
}

function placesOf(owners: readonly { id: string; mentions: readonly MentionPlace[] }[]) {
  return owners.flatMap(({ id, mentions }) =>
    mentions.map(({ startOffset, endOffset, page, chunkId }) => ({
      id,
      place: {
        startOffset: neo4j.int(startOffset),
        endOffset: neo4j.int(endOffset),
        page: page === null ? null : neo4j.int(page),
        chunkId,
      },
    })),
  )
}
