// What one document contributed, read back as it was written: from the tables of the PostgreSQL GraphStore, in two statements.
import { sql } from 'drizzle-orm'
import { rowsOf, type SqlExecutor } from '#shared/database.ts'
import type { MentionPlace } from '../domain/graph-records.ts'
import type { StoredContributions } from '../ports/graph-store.ts'

type StoredEntity = Omit<StoredContributions['entities'][number], 'mentions'>
type StoredRelationship = Omit<StoredContributions['relationships'][number], 'mentions'>
/** A row for each mention; `startOffset` is null where its owner has none. */
type WithMention<Owner> = Owner & (MentionPlace | { startOffset: null })

export async function readContributions(
  database: SqlExecutor,
  workspaceId: string,
  knowledgeBaseId: string,
  documentId: string,
): Promise<StoredContributions> {
  const entities = await rowsOf<WithMention<StoredEntity>>(
    database,
    sql`select c.entity_id as id, e.type, e.normalized_name as "normalizedName", c.name, ${placeColumns}
      from graph.contribution c join graph.entity e on e.workspace_id = c.workspace_id and e.id = c.entity_id
      left join graph.mention m on m.workspace_id = c.workspace_id and m.entity_id = c.entity_id and m.document_id = c.document_id
      where c.workspace_id = ${workspaceId} and c.knowledge_base_id = ${knowledgeBaseId} and c.document_id = ${documentId}
      order by c.entity_id, m.start_offset, m.end_offset`,
  )
  const relationships = await rowsOf<WithMention<StoredRelationship>>(
    database,
    sql`select r.id, r.type, r.source_id as "sourceId", r.target_id as "targetId", ${placeColumns}
      from graph.relationship_mention m join graph.relationship r on r.workspace_id = m.workspace_id and r.id = m.relationship_id
      where m.workspace_id = ${workspaceId} and m.knowledge_base_id = ${knowledgeBaseId} and m.document_id = ${documentId}
      order by r.id, m.start_offset, m.end_offset`,
  )
  return {
    knowledgeBaseId,
    documentId,
    entities: gathered(entities, ({ id, type, normalizedName, name }) => ({ id, type, normalizedName, name })),
    relationships: gathered(relationships, ({ id, type, sourceId, targetId }) => ({ id, type, sourceId, targetId })),
  }
}

const placeColumns = sql`m.start_offset as "startOffset", m.end_offset as "endOffset", m.page, m.chunk_id as "chunkId"`

/** Rows of one owner stand together. */
function gathered<Owner extends { id: string }>(
  rows: readonly WithMention<Owner>[],
  ownerOf: (row: Owner) => Owner,
): (Owner & { mentions: MentionPlace[] })[] {
  const owners: (Owner & { mentions: MentionPlace[] })[] = []
  for (const row of rows) {
    let owner = owners.at(-1)
    if (owner?.id !== row.id) owners.push((owner = { ...ownerOf(row), mentions: [] }))
    if (row.startOffset !== null) {
      const { startOffset, endOffset, page, chunkId } = row
      owner.mentions.push({ startOffset, endOffset, page, chunkId })
    }
  }
  return owners
}
