// GraphStore in tables, on PostgreSQL and PGlite alike. Writers of one knowledge base take turns (an advisory lock until the transaction
// ends): two documents that gain and lose the same entity at once would otherwise each decide with the other's rows unseen.
import { sql } from 'drizzle-orm'
import { rowsOf, type Database } from '#shared/database.ts'
import type { RankedEntity } from '../domain/graph-records.ts'
import { normalizeName } from '../domain/normalize-name.ts'
import type { EntitiesOfOptions, GraphStore } from '../ports/graph-store.ts'
import { createContributionWriter } from './postgres-contributions.ts'
import { readContributions } from './postgres-document-contributions.ts'
import { askedFor, createGraphReads, isAfter, type EntityRow } from './postgres-graph-reads.ts'

export function createPostgresGraphStore(options: { database: Database }): GraphStore {
  const { database } = options

  return {
    replaceDocument: (workspaceId, contributions, signal) =>
      database.until(signal).transaction(async (transaction) => {
        const writer = createContributionWriter(transaction, workspaceId, contributions.knowledgeBaseId)
        await writer.lock()
        if (await writer.isDeleted(contributions.documentId)) return 'deleted'
        await writer.replaceDocument(contributions)
        return 'replaced'
      }),

    readDocument: (workspaceId, knowledgeBaseId, documentId, signal) =>
      readContributions(database.until(signal), workspaceId, knowledgeBaseId, documentId),

    deleteDocument: (workspaceId, knowledgeBaseId, documentId, signal) =>
      database.until(signal).transaction(async (transaction) => {
        const writer = createContributionWriter(transaction, workspaceId, knowledgeBaseId)
        await writer.lock()
        await writer.markDeleted(documentId)
        await writer.removeDocument(documentId)
      }),

    deleteKnowledgeBase: (workspaceId, knowledgeBaseId, signal) =>
      database.until(signal).transaction(async (transaction) => {
        const writer = createContributionWriter(transaction, workspaceId, knowledgeBaseId)
        await writer.lock()
        await writer.markDeleted(knowledgeBaseId)
        await writer.removeKnowledgeBase()
      }),

    async entitiesOf(asked) {
      const { workspaceId, scope, selection, signal } = asked
      signal.throwIfAborted()
      if (scope.ids.length === 0) return new Map()
      const executor = database.until(signal)
      const rows = await rowsOf<EntityRow & { rank: number; askedId: string }>(executor, ranked(asked))
      const records = await createGraphReads(executor, workspaceId).completeEntities(rows, selection)
      return groupByAskedId(records)
    },

    findEntities: (ids, { workspaceId, selection, signal }) =>
      createGraphReads(database.until(signal), workspaceId).findEntities(ids, selection),

    findRelationships: (ids, { workspaceId, selection, signal }) =>
      createGraphReads(database.until(signal), workspaceId).findRelationships(ids, selection),

    // The database belongs to whoever opened it.
    close: () => Promise.resolve(),
  }
}

function ranked({ workspaceId, scope, page, filter = {} }: EntitiesOfOptions) {
  const matches = sql`${filter.type == null ? sql`true` : sql`e.type = ${filter.type}`}
    and ${filter.query == null ? sql`true` : sql`e.normalized_name like ${containing(normalizeName(filter.query))}`}`
  const found =
    scope.kind === 'documents'
      ? sql`select c.entity_id as id, c.mention_count as rank, e.name, e.type, e.mention_count
          from graph.contribution c join graph.entity e on e.workspace_id = c.workspace_id and e.id = c.entity_id
          where c.workspace_id = ${workspaceId} and c.document_id = asked.id and ${matches}
            and ${isAfter(page, sql`c.mention_count`, sql`c.entity_id`)}
          order by c.mention_count desc, c.entity_id limit ${page.limit}`
      : sql`select e.id, e.mention_count as rank, e.name, e.type, e.mention_count
          from graph.entity e
          where e.workspace_id = ${workspaceId} and e.knowledge_base_id = asked.id and ${matches}
            and ${isAfter(page, sql`e.mention_count`, sql`e.id`)}
          order by e.mention_count desc, e.id limit ${page.limit}`
  return sql`select asked.id as "askedId", found.id, found.name, found.type, found.mention_count as "mentionCount", found.rank
    from ${askedFor(scope.ids)} cross join lateral (${found}) found order by found.rank desc, found.id`
}

function groupByAskedId(records: readonly (RankedEntity & { askedId: string })[]): Map<string, RankedEntity[]> {
  const groups = new Map<string, RankedEntity[]>()
  for (const { askedId, ...record } of records) groups.set(askedId, [...(groups.get(askedId) ?? []), record])
  return groups
}

/** A LIKE pattern in which the user's `%` and `_` mean themselves. */
function containing(query: string): string {
  return `%${query.replace(/[\\%_]/g, String.raw`\$&`)}%`
}
