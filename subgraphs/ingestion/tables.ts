// The tables of ingestion. An item carries its eight steps in its own row: one lock and one statement change an item whole, and what
// was done is exactly what the row says, whenever the process dies.
import { bigint, boolean, index, integer, jsonb, pgSchema, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core'
import { streamLogTables } from '#shared/stream-log-tables.ts'
import type { ItemError, ItemStatus, JobStatus, Step } from './domain/item-state.ts'

export const ingestionSchema = pgSchema('ingestion')

const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

export const uploadTable = ingestionSchema.table(
  'upload',
  {
    id: text('id').primaryKey(),
    workspaceId: text('workspace_id').notNull(),
    fileName: text('file_name').notNull(),
    /** As declared; null when nothing was. */
    mediaType: text('media_type'),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    /** Opens this upload for its bytes until `expiresAt`, and nothing else. */
    token: text('token').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    expiresAt: moment('expires_at').notNull(),
    receivedAt: moment('received_at'),
    /** Until a job takes it. */
    blobKey: text('blob_key'),
    sha256: text('sha256'),
    /** The job that took it: an upload is used once. */
    jobId: text('job_id'),
  },
  (table) => [
    index('upload_workspace').on(table.workspaceId, table.id),
    index('upload_expiry').on(table.expiresAt),
    index('upload_blob').on(table.workspaceId, table.blobKey),
  ],
)

export const jobTable = ingestionSchema.table(
  'job',
  {
    id: text('id').primaryKey(),
    workspaceId: text('workspace_id').notNull(),
    knowledgeBaseId: text('knowledge_base_id').notNull(),
    status: text('status').notNull().$type<JobStatus>(),
    tags: text('tags').array().notNull(),
    idempotencyKey: text('idempotency_key'),
    /** 1, and one more with each retry; each run has an event stream of its own, because a stream ends with its job. */
    run: integer('run').notNull().default(1),
    itemCount: integer('item_count').notNull(),
    completedItemCount: integer('completed_item_count').notNull().default(0),
    failedItemCount: integer('failed_item_count').notNull().default(0),
    cancelledItemCount: integer('cancelled_item_count').notNull().default(0),
    isKnowledgeBaseDeleted: boolean('is_knowledge_base_deleted').notNull().default(false),
    createdAt: moment('created_at').notNull().defaultNow(),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
  },
  (table) => [
    index('job_workspace').on(table.workspaceId, table.id),
    uniqueIndex('job_idempotency_key').on(table.workspaceId, table.idempotencyKey),
    index('job_knowledge_base').on(table.workspaceId, table.knowledgeBaseId),
  ],
)

export const itemTable = ingestionSchema.table(
  'item',
  {
    id: text('id').primaryKey(),
    workspaceId: text('workspace_id').notNull(),
    jobId: text('job_id')
      .notNull()
      .references(() => jobTable.id),
    /** Place in the job, from 1. */
    ordinal: integer('ordinal').notNull(),
    name: text('name').notNull(),
    kind: text('kind').notNull().$type<'upload' | 'text'>(),
    knowledgeBaseId: text('knowledge_base_id').notNull(),
    documentId: text('document_id').notNull(),
    isDocumentDeleted: boolean('is_document_deleted').notNull().default(false),
    status: text('status').notNull().$type<ItemStatus>(),
    /** 1, and one more with each retry; what was commanded for an older attempt no longer counts. */
    attempt: integer('attempt').notNull().default(1),
    steps: jsonb('steps').notNull().$type<Step[]>(),
    error: jsonb('error').$type<ItemError>(),
    declaredMediaType: text('declared_media_type'),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    /** Blobs: the file as it came, and what EXTRACT, CLEAN and (in knowledge) CHUNK made of it; null before, and when no longer needed. */
    sourceKey: text('source_key'),
    elementsKey: text('elements_key'),
    contentKey: text('content_key'),
    chunksKey: text('chunks_key'),
    /** As found in the bytes by EXTRACT. */
    mediaType: text('media_type'),
    contentTitle: text('content_title'),
    pageCount: integer('page_count'),
    pagesWithoutText: integer('pages_without_text').array(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('item_ordinal').on(table.jobId, table.ordinal),
    uniqueIndex('item_document').on(table.workspaceId, table.documentId),
    index('item_name').on(table.workspaceId, table.knowledgeBaseId, table.name),
    index('item_source').on(table.workspaceId, table.sourceKey),
    index('item_elements').on(table.workspaceId, table.elementsKey),
    index('item_content').on(table.workspaceId, table.contentKey),
  ],
)

export const { stream, streamEvent, streamOutbox } = streamLogTables(ingestionSchema)

export type UploadRow = typeof uploadTable.$inferSelect
export type JobRow = typeof jobTable.$inferSelect
export type ItemRow = typeof itemTable.$inferSelect
