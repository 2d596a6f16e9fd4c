// What one document contributed, read back as it was written: from the nodes of the Neo4j GraphStore.
import type { MentionPlace } from '../domain/graph-records.ts'
import type { StoredContributions } from '../ports/graph-store.ts'
import type { Neo4jTransaction } from './neo4j-connection.ts'

type Place = Partial<MentionPlace> & Pick<MentionPlace, 'startOffset' | 'endOffset'>

const PLACES = 'collect(m {.startOffset, .endOffset, .page, .chunkId}) AS mentions'
const IN_DOCUMENT = '{workspaceId: $workspaceId, knowledgeBaseId: $knowledgeBaseId, documentId: $documentId}'

const ENTITIES = `
  MATCH (:Document {workspaceId: $workspaceId, id: $documentId, knowledgeBaseId: $knowledgeBaseId})-[n:NAMES]->(e:Entity)
  OPTIONAL MATCH (e)-[:MENTIONED_AT]->(m:Mention ${IN_DOCUMENT})
  WITH e, n, m ORDER BY m.startOffset, m.endOffset
  WITH e, n, ${PLACES}
  RETURN e.id AS id, e.type AS type, e.normalizedName AS normalizedName, n.name AS name, mentions ORDER BY id`

const RELATIONSHIPS = `
  MATCH (r:Relationship)-[:SHOWN_AT]->(m:Mention ${IN_DOCUMENT})
  WITH r, m ORDER BY m.startOffset, m.endOffset
  WITH r, ${PLACES}
  MATCH (r)-[:HAS_SOURCE]->(s:Entity), (r)-[:HAS_TARGET]->(t:Entity)
  RETURN r.id AS id, r.type AS type, s.id AS sourceId, t.id AS targetId, mentions ORDER BY id`

export async function readContributions(
  transaction: Neo4jTransaction,
  workspaceId: string,
  knowledgeBaseId: string,
  documentId: string,
): Promise<StoredContributions> {
  async function read<Owner>(statement: string): Promise<(Owner & { mentions: MentionPlace[] })[]> {
    const { records } = await transaction.run(statement, { workspaceId, knowledgeBaseId, documentId })
    return records.map((record) => {
      const row = record.toObject() as Owner & { mentions: Place[] }
      return { ...row, mentions: row.mentions.map(toPlace) }
    })
  }
  return {
    knowledgeBaseId,
    documentId,
    entities: await read<StoredContributions['entities'][number]>(ENTITIES),
    relationships: await read<StoredContributions['relationships'][number]>(RELATIONSHIPS),
  }
}

/** A node of Neo4j has no property where there is nothing. */
const toPlace = ({ startOffset, endOffset, page = null, chunkId = null }: Place): MentionPlace => ({
  startOffset,
  endOffset,
  page,
  chunkId,
})
