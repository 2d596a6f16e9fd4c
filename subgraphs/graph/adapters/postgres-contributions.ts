// The writing half of the PostgreSQL GraphStore: steps within one transaction on one knowledge base. Rows travel as JSON arrays, so a
// document with a hundred thousand mentions needs no statement with a hundred thousand parameters.
import { sql, type SQL } from 'drizzle-orm'
import { rowsOf, type SqlExecutor } from '#shared/database.ts'
import type { StoredContributions } from '../ports/graph-store.ts'

/** Rows in one INSERT; bounds the size of a statement to about a megabyte. */
const ROWS_PER_STATEMENT = 5_000

const placeColumns = 'document_id text, start_offset integer, end_offset integer, page integer, chunk_id text'

export interface ContributionWriter {
  /** Waits until no other transaction writes to the knowledge base. */
  lock(): Promise<void>
  /** Whether the document or its knowledge base was deleted. */
  isDeleted(documentId: string): Promise<boolean>
  markDeleted(subjectId: string): Promise<void>
  replaceDocument(contributions: StoredContributions): Promise<void>
  removeDocument(documentId: string): Promise<void>
  removeKnowledgeBase(): Promise<void>
}

export function createContributionWriter(
  transaction: SqlExecutor,
  workspaceId: string,
  knowledgeBaseId: string,
): ContributionWriter {
  const run = async (statement: SQL) => {
    await transaction.execute(statement)
  }

  /** Inserts rows given as objects whose keys are column names, beside the workspace and the knowledge base. */
  async function insert(table: string, columns: string, rows: readonly object[], onConflict: SQL) {
    const names = sql.raw(columns.replaceAll(/ (?:text|integer)\b/g, ''))
    for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
      const json = JSON.stringify(rows.slice(start, start + ROWS_PER_STATEMENT))
      await run(sql`insert into graph.${sql.identifier(table)} (workspace_id, knowledge_base_id, ${names})
        select ${workspaceId}, ${knowledgeBaseId}, ${names} from jsonb_to_recordset(${json}::jsonb) as row(${sql.raw(columns)})
        ${onConflict}`)
    }
  }

  async function idsOfDocument(table: string, column: string, documentId: string): Promise<string[]> {
    const rows = await rowsOf<{ id: string }>(
      transaction,
      sql`select distinct ${sql.identifier(column)} as id from graph.${sql.identifier(table)}
        where workspace_id = ${workspaceId} and knowledge_base_id = ${knowledgeBaseId} and document_id = ${documentId}`,
    )
    return rows.map((row) => row.id)
  }

  async function clearDocument(documentId: string): Promise<{ entityIds: string[]; relationshipIds: string[] }> {
    const entityIds = await idsOfDocument('contribution', 'entity_id', documentId)
    const relationshipIds = await idsOfDocument('relationship_mention', 'relationship_id', documentId)
    for (const table of ['relationship_mention', 'mention', 'contribution']) {
      await run(sql`delete from graph.${sql.identifier(table)}
        where workspace_id = ${workspaceId} and knowledge_base_id = ${knowledgeBaseId} and document_id = ${documentId}`)
    }
    return { entityIds, relationshipIds }
  }

  // The ids were read by workspace in this transaction. To name it here again made the planner expect next to no rows, and take three times as long
  // for a hundred thousand.
  async function recount(entityIds: readonly string[], relationshipIds: readonly string[]): Promise<void> {
    const entities = listed(entityIds)
    const relationships = listed(relationshipIds)
    await run(sql`delete from graph.relationship r where r.id in ${relationships}
      and not exists (select 1 from graph.relationship_mention m where m.relationship_id = r.id)`)
    await run(sql`update graph.relationship r set weight = counted.weight
      from (select relationship_id, count(*)::integer as weight from graph.relationship_mention
        where relationship_id in ${relationships} group by relationship_id) counted
      where counted.relationship_id = r.id and r.weight <> counted.weight`)
    await run(sql`delete from graph.entity e where e.id in ${entities}
      and not exists (select 1 from graph.contribution c where c.entity_id = e.id)`)
    // Of equally frequent names the first in byte order, whatever the collation of the database is.
    await run(sql`update graph.entity e set name = counted.name, mention_count = counted.total
      from (select distinct on (entity_id) entity_id, name, (sum(count) over (partition by entity_id))::integer as total
        from (select entity_id, name, sum(mention_count) as count from graph.contribution
          where entity_id in ${entities} group by entity_id, name) names
        order by entity_id, count desc, name collate "C") counted
      where counted.entity_id = e.id and (e.name, e.mention_count) is distinct from (counted.name, counted.total)`)
  }

  return {
    lock: () => run(sql`select pg_advisory_xact_lock(hashtextextended(${`tributary.graph.${knowledgeBaseId}`}, 0))`),

    async isDeleted(documentId) {
      const rows = await rowsOf(
        transaction,
        sql`select 1 from graph.deletion where workspace_id = ${workspaceId} and subject_id in (${documentId}, ${knowledgeBaseId})`,
      )
      return rows.length > 0
    },

    markDeleted: (subjectId) =>
      run(
        sql`insert into graph.deletion (workspace_id, subject_id) values (${workspaceId}, ${subjectId}) on conflict do nothing`,
      ),

    async replaceDocument({ documentId, entities, relationships }) {
      const former = await clearDocument(documentId)
      await insert(
        'entity',
        'id text, type text, normalized_name text, name text, mention_count integer',
        entities.map((entity) => ({
          id: entity.id,
          type: entity.type,
          normalized_name: entity.normalizedName,
          name: entity.name,
          mention_count: 0,
        })),
        sql`on conflict (id) do nothing`,
      )
      await insert(
        'contribution',
        'document_id text, entity_id text, name text, mention_count integer',
        entities.map((entity) => ({
          document_id: documentId,
          entity_id: entity.id,
          name: entity.name,
          mention_count: entity.mentions.length,
        })),
        sql``,
      )
      await insert(
        'mention',
        `entity_id text, ${placeColumns}`,
        entities.flatMap((entity) =>
          entity.mentions.map((mention) => ({ entity_id: entity.id, ...placeRow(documentId, mention) })),
        ),
        sql``,
      )
      await insert(
        'relationship',
        'id text, type text, source_id text, target_id text, weight integer',
        relationships.map((relationship) => ({
          id: relationship.id,
          type: relationship.type,
          source_id: relationship.sourceId,
          target_id: relationship.targetId,
          weight: 0,
        })),
        sql`on conflict (id) do nothing`,
      )
      await insert(
        'relationship_mention',
        `relationship_id text, ${placeColumns}`,
        relationships.flatMap((relationship) =>
          relationship.mentions.map((mention) => ({
            relationship_id: relationship.id,
            ...placeRow(documentId, mention),
          })),
        ),
        sql``,
      )
      await recount(
        [...new Set([...former.entityIds, ...entities.map((entity) => entity.id)])],
        [...new Set([...former.relationshipIds, ...relationships.map((relationship) => relationship.id)])],
      )
    },

    async removeDocument(documentId) {
      const former = await clearDocument(documentId)
      await recount(former.entityIds, former.relationshipIds)
    },

    async removeKnowledgeBase() {
      for (const table of ['relationship_mention', 'relationship', 'mention', 'contribution', 'entity']) {
        await run(sql`delete from graph.${sql.identifier(table)}
          where workspace_id = ${workspaceId} and knowledge_base_id = ${knowledgeBaseId}`)
      }
    },
  }
}

function placeRow(documentId: string, place: StoredContributions['entities'][number]['mentions'][number]) {
  return {
    document_id: documentId,
    start_offset: place.startOffset,
    end_offset: place.endOffset,
    page: place.page,
    chunk_id: place.chunkId,
  }
}

function listed(ids: readonly string[]): SQL {
  return sql`(select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`
}
