// The tables of graph. `contribution` is what one document says of one entity; names and counts of entities are computed from it alone,
// so taking a document's rows away leaves exactly what the others say.
import { sql } from 'drizzle-orm'
import { index, integer, pgSchema, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'
import type { EntityType } from './domain/entity.ts'
import type { RelationshipType } from './domain/graph-records.ts'

export const graphSchema = pgSchema('graph')

export const entityTable = graphSchema.table(
  'entity',
  {
    id: text('id').primaryKey(),
    workspaceId: text('workspace_id').notNull(),
    knowledgeBaseId: text('knowledge_base_id').notNull(),
    type: text('type').notNull().$type<EntityType>(),
    normalizedName: text('normalized_name').notNull(),
    name: text('name').notNull(),
    mentionCount: integer('mention_count').notNull(),
  },
  (table) => [
    index('entity_by_rank').on(
      table.workspaceId,
      table.knowledgeBaseId,
      table.mentionCount.desc().nullsFirst(),
      table.id,
    ),
  ],
)

export const contributionTable = graphSchema.table(
  'contribution',
  {
    workspaceId: text('workspace_id').notNull(),
    knowledgeBaseId: text('knowledge_base_id').notNull(),
    documentId: text('document_id').notNull(),
    entityId: text('entity_id')
      .notNull()
      .references(() => entityTable.id),
    name: text('name').notNull(),
    mentionCount: integer('mention_count').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.documentId, table.entityId] }),
    index('contribution_by_rank').on(
      table.workspaceId,
      table.documentId,
      table.mentionCount.desc().nullsFirst(),
      table.entityId,
    ),
    index('contribution_by_entity').on(table.entityId),
    index('contribution_by_knowledge_base').on(table.knowledgeBaseId),
  ],
)

const place = {
  workspaceId: text('workspace_id').notNull(),
  knowledgeBaseId: text('knowledge_base_id').notNull(),
  documentId: text('document_id').notNull(),
  startOffset: integer('start_offset').notNull(),
  endOffset: integer('end_offset').notNull(),
  page: integer('page'),
  chunkId: text('chunk_id'),
}

export const mentionTable = graphSchema.table(
  'mention',
  {
    ...place,
    entityId: text('entity_id')
      .notNull()
      .references(() => entityTable.id),
  },
  (table) => [
    primaryKey({ columns: [table.entityId, table.documentId, table.startOffset, table.endOffset] }),
    index('mention_by_document').on(table.documentId),
    index('mention_by_knowledge_base').on(table.knowledgeBaseId),
  ],
)

export const relationshipTable = graphSchema.table(
  'relationship',
  {
    id: text('id').primaryKey(),
    workspaceId: text('workspace_id').notNull(),
    knowledgeBaseId: text('knowledge_base_id').notNull(),
    type: text('type').notNull().$type<RelationshipType>(),
    sourceId: text('source_id')
      .notNull()
      .references(() => entityTable.id),
    targetId: text('target_id')
      .notNull()
      .references(() => entityTable.id),
    weight: integer('weight').notNull(),
  },
  (table) => [
    index('relationship_by_source').on(table.sourceId, table.weight.desc().nullsFirst(), table.id),
    index('relationship_by_target').on(table.targetId, table.weight.desc().nullsFirst(), table.id),
    index('relationship_by_knowledge_base').on(table.knowledgeBaseId),
  ],
)

export const relationshipMentionTable = graphSchema.table(
  'relationship_mention',
  {
    ...place,
    relationshipId: text('relationship_id')
      .notNull()
      .references(() => relationshipTable.id),
  },
  (table) => [
    primaryKey({ columns: [table.relationshipId, table.documentId, table.startOffset, table.endOffset] }),
    index('relationship_mention_by_document').on(table.documentId),
    index('relationship_mention_by_knowledge_base').on(table.knowledgeBaseId),
  ],
)

/** Documents and knowledge bases that are gone for good; their ids are never used again. */
export const deletionTable = graphSchema.table(
  'deletion',
  {
    workspaceId: text('workspace_id').notNull(),
    subjectId: text('subject_id').notNull(),
    deletedAt: timestamp('deleted_at', { withTimezone: true, precision: 3 })
      .notNull()
      .default(sql`now()`),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.subjectId] })],
)
