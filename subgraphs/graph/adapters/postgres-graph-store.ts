// GraphStore in tables, on PostgreSQL and PGlite alike. Writers of one knowledge base take turns (an advisory lock until the transaction
// ends): two documents that gain and lose the same entity at once would otherwise each decide with the other's rows unseen.
import { sql, type SQL } from 'drizzle-orm'
import { rowsOf, type SqlExecutor } from '#shared/database.ts'
import { normalizeName } from '../domain/normalize-name.ts'
import type { MentionRecord, PageOf, RankedEntity, RankPosition, RelationshipRecord } from '../domain/graph-records.ts'
import type { GraphStore } from '../ports/graph-store.ts'
import { createContributionWriter } from './postgres-contributions.ts'
import { readContributions } from './postgres-document-contributions.ts'

export function createPostgresGraphStore(options: { database: SqlExecutor }): GraphStore {
  const { database } = options

  return {
    replaceDocument: (workspaceId, contributions) =>
      database.transaction(async (transaction) => {
        const writer = createContributionWriter(transaction, workspaceId, contributions.knowledgeBaseId)
        await writer.lock()
        if (await writer.isDeleted(contributions.documentId)) return 'deleted'
        await writer.replaceDocument(contributions)
        return 'replaced'
      }),

    readDocument: (workspaceId, knowledgeBaseId, documentId) =>
      readContributions(database, workspaceId, knowledgeBaseId, documentId),

    deleteDocument: (workspaceId, knowledgeBaseId, documentId) =>
      database.transaction(async (transaction) => {
        const writer = createContributionWriter(transaction, workspaceId, knowledgeBaseId)
        await writer.lock()
        await writer.markDeleted(documentId)
        await writer.removeDocument(documentId)
      }),

    deleteKnowledgeBase: (workspaceId, knowledgeBaseId) =>
      database.transaction(async (transaction) => {
        const writer = createContributionWriter(transaction, workspaceId, knowledgeBaseId)
        await writer.lock()
        await writer.markDeleted(knowledgeBaseId)
        await writer.removeKnowledgeBase()
      }),

    async entitiesOf(workspaceId, scope, page, filter = {}) {
      if (scope.ids.length === 0) return new Map()
      const matches = sql`${filter.type == null ? sql`true` : sql`e.type = ${filter.type}`}
        and ${filter.query == null ? sql`true` : sql`e.normalized_name like ${containing(normalizeName(filter.query))}`}`
      const ranked =
        scope.kind === 'documents'
          ? sql`select c.entity_id as id, c.mention_count as rank, e.name, e.type, e.mention_count
              from graph.contribution c join graph.entity e on e.id = c.entity_id
              where c.workspace_id = ${workspaceId} and c.document_id = asked.id and ${matches}
                and ${isAfter(page, sql`c.mention_count`, sql`c.entity_id`)}
              order by c.mention_count desc, c.entity_id limit ${page.limit}`
          : sql`select e.id, e.mention_count as rank, e.name, e.type, e.mention_count
              from graph.entity e
              where e.workspace_id = ${workspaceId} and e.knowledge_base_id = asked.id and ${matches}
                and ${isAfter(page, sql`e.mention_count`, sql`e.id`)}
              order by e.mention_count desc, e.id limit ${page.limit}`
      return byAskedId<RankedEntity>(
        database,
        sql`select asked.id as "askedId", found.id, found.name, found.type, found.mention_count as "mentionCount", found.rank
          from ${askedFor(scope.ids)} cross join lateral (${ranked}) found order by found.rank desc, found.id`,
      )
    },

    findEntities: (workspaceId, ids) =>
      rowsOf(
        database,
        sql`select e.id, e.name, e.type, e.mention_count as "mentionCount"
          from graph.entity e join ${askedFor(ids)} on asked.id = e.id where e.workspace_id = ${workspaceId}`,
      ),

    findRelationships: (workspaceId, ids) =>
      rowsOf(
        database,
        sql`select ${relationshipColumns} from graph.relationship r join ${askedFor(ids)} on asked.id = r.id
          where r.workspace_id = ${workspaceId}`,
      ),

    async relationshipsOf(workspaceId, entityIds, page) {
      if (entityIds.length === 0) return new Map()
      return byAskedId<RelationshipRecord>(
        database,
        sql`select asked.id as "askedId", ${relationshipColumns}
          from ${askedFor(entityIds)} cross join lateral (
            select * from graph.relationship r
            where r.workspace_id = ${workspaceId} and (r.source_id = asked.id or r.target_id = asked.id)
              and ${isAfter(page, sql`r.weight`, sql`r.id`)}
            order by r.weight desc, r.id limit ${page.limit}
          ) r order by r.weight desc, r.id`,
      )
    },

    async mentionsOf(workspaceId, owner, page) {
      if (owner.ids.length === 0) return new Map()
      const [table, column] =
        owner.kind === 'entities'
          ? [sql`graph.mention`, sql`entity_id`]
          : [sql`graph.relationship_mention`, sql`relationship_id`]
      const { after } = page
      return byAskedId<MentionRecord>(
        database,
        sql`select asked.id as "askedId", m.document_id as "documentId", m.start_offset as "startOffset",
            m.end_offset as "endOffset", m.page, m.chunk_id as "chunkId"
          from ${askedFor(owner.ids)} cross join lateral (
            select * from ${table} m where m.workspace_id = ${workspaceId} and m.${column} = asked.id
              and ${
                after === null
                  ? sql`true`
                  : sql`(m.document_id, m.start_offset, m.end_offset) >
                      (${after.documentId}, ${after.startOffset}::integer, ${after.endOffset}::integer)`
              }
            order by m.document_id, m.start_offset, m.end_offset limit ${page.limit}
          ) m order by m.document_id, m.start_offset, m.end_offset`,
      )
    },
  }
}

const relationshipColumns = sql`r.id, r.type, r.source_id as "sourceId", r.target_id as "targetId", r.weight`

/** The ids as a table named `asked`, each once; with a lateral join every id gets a page of its own from the index. */
function askedFor(ids: readonly string[]): SQL {
  return sql`(select distinct id from jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb) as t(id)) asked`
}

function isAfter({ after }: PageOf<RankPosition>, rank: SQL, id: SQL): SQL {
  if (after === null) return sql`true`
  return sql`(${rank} < ${after.rank}::integer or (${rank} = ${after.rank}::integer and ${id} > ${after.id}))`
}

async function byAskedId<Row>(database: SqlExecutor, statement: SQL): Promise<Map<string, Row[]>> {
  const rows = await rowsOf<Row & { askedId: string }>(database, statement)
  const groups = new Map<string, Row[]>()
  for (const { askedId, ...row } of rows) {
    const group = groups.get(askedId) ?? []
    group.push(row as Row)
    groups.set(askedId, group)
  }
  return groups
}

/** A LIKE pattern in which the user's `%` and `_` mean themselves. */
function containing(query: string): string {
  return `%${query.replace(/[\\%_]/g, String.raw`\$&`)}%`
}
