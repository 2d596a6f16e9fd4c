// The tables of knowledge. Every row carries its workspace, and every query names it.
//
// A document's text is stored once, cut at its chunks: `Document.text` is each chunk's `precedingText` and `text` in order, then the
// document's `trailingText`. So the text of a chunk is one column, and the text of a document one aggregate.
import { boolean, customType, index, integer, jsonb, pgSchema, real, text, timestamp } from 'drizzle-orm/pg-core'
import { bigint, primaryKey, uniqueIndex } from 'drizzle-orm/pg-core'
import { streamLogTables } from '#shared/stream-log-tables.ts'
import type { Message, TokenUsage } from '../../contracts/models-client.ts'
import type { PageMark } from './domain/page-marks.ts'
import type { AnswerPlan, StoredSource } from './answer-plan.ts'

export const knowledgeSchema = pgSchema('knowledge')

const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })
const bytes = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' })

export const knowledgeBaseTable = knowledgeSchema.table(
  'knowledge_base',
  {
    id: text('id').primaryKey(),
    workspaceId: text('workspace_id').notNull(),
    name: text('name').notNull(),
    description: text('description'),
    /** Null until a model could be had; never changed afterwards. */
    embeddingModelId: text('embedding_model_id'),
    embeddingModelName: text('embedding_model_name'),
    createdAt: moment('created_at').notNull().defaultNow(),
    updatedAt: moment('updated_at').notNull().defaultNow(),
  },
  (table) => [uniqueIndex('knowledge_base_name').on(table.workspaceId, table.name)],
)

export const documentTable = knowledgeSchema.table(
  'document',
  {
    id: text('id').primaryKey(),
    workspaceId: text('workspace_id').notNull(),
    knowledgeBaseId: text('knowledge_base_id').notNull(),
    title: text('title').notNull(),
    mediaType: text('media_type').notNull(),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    status: text('status').notNull().$type<'PENDING' | 'READY' | 'FAILED'>(),
    /** The newest attempt of its ingestion seen so far; reports of older ones change nothing. */
    attempt: integer('attempt').notNull().default(0),
    sourceUri: text('source_uri'),
    tags: text('tags').array().notNull(),
    /** Content that the chunks were cut from; null until then. */
    contentKey: text('content_key'),
    /** What stands behind the last chunk; with `contentKey`. */
    trailingText: text('trailing_text'),
    chunkCount: integer('chunk_count').notNull().default(0),
    /** How many chunks have a vector, once EMBED has ended; null before. */
    vectorCount: integer('vector_count'),
    /** The blob that tells graph of the chunks, once INDEX has ended; null before. */
    chunksKey: text('chunks_key'),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [index('document_knowledge_base').on(table.workspaceId, table.knowledgeBaseId, table.createdAt, table.id)],
)

export const chunkTable = knowledgeSchema.table(
  'chunk',
  {
    id: text('id').primaryKey(),
    workspaceId: text('workspace_id').notNull(),
    knowledgeBaseId: text('knowledge_base_id').notNull(),
    documentId: text('document_id').notNull(),
    ordinal: integer('ordinal').notNull(),
    startOffset: integer('start_offset').notNull(),
    endOffset: integer('end_offset').notNull(),
    /** Empty where the text has no pages. */
    pages: jsonb('pages').notNull().default([]).$type<PageMark[]>(),
    headings: text('headings').array().notNull(),
    text: text('text').notNull(),
    precedingText: text('preceding_text').notNull(),
  },
  (table) => [uniqueIndex('chunk_document').on(table.workspaceId, table.documentId, table.ordinal)],
)

/** Vectors on their way to the vector store: what EMBED has finished survives a crash. Deleted once INDEX has ended. */
export const chunkEmbeddingTable = knowledgeSchema.table(
  'chunk_embedding',
  {
    chunkId: text('chunk_id').primaryKey(),
    workspaceId: text('workspace_id').notNull(),
    documentId: text('document_id').notNull(),
    modelName: text('model_name').notNull(),
    vector: bytes('vector').notNull(),
  },
  (table) => [index('chunk_embedding_document').on(table.workspaceId, table.documentId)],
)

/** Ids of deleted documents and knowledge bases, so that a late message brings nothing back. */
export const tombstoneTable = knowledgeSchema.table('tombstone', {
  id: text('id').primaryKey(),
  workspaceId: text('workspace_id').notNull(),
  deletedAt: moment('deleted_at').notNull().defaultNow(),
})

export const answerTable = knowledgeSchema.table(
  'answer',
  {
    id: text('id').primaryKey(),
    workspaceId: text('workspace_id').notNull(),
    question: text('question').notNull(),
    conversation: jsonb('conversation').notNull().$type<Message[]>(),
    knowledgeBaseIds: text('knowledge_base_ids').array().notNull(),
    mode: text('mode').notNull().$type<'AUTO' | 'GENERATIVE' | 'EXTRACTIVE'>(),
    /** As asked for; null for the workspace's default. */
    modelName: text('model_name'),
    maxSources: integer('max_sources').notNull(),
    isDetached: boolean('is_detached').notNull(),
    status: text('status').notNull().$type<'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELLED'>(),
    verdict: text('verdict').$type<'ANSWERED' | 'PARTIAL' | 'CONFLICTING' | 'NOT_IN_DOCUMENTS'>(),
    text: text('text').notNull().default(''),
    /** The model that writes; in EXTRACTIVE mode the embedding model that chose the sentences. Null until known, and when none took part. */
    modelId: text('model_id'),
    writerName: text('writer_name'),
    usage: jsonb('usage').$type<TokenUsage>(),
    /** Of an answer that a model has begun to write, which nobody else can go on with. Null before that, and for an extract. */
    plan: jsonb('plan').$type<Extract<AnswerPlan, { kind: 'generate' }>>(),
    retrievalMs: integer('retrieval_ms'),
    firstTokenMs: integer('first_token_ms'),
    totalMs: integer('total_ms'),
    createdAt: moment('created_at').notNull().defaultNow(),
    finishedAt: moment('finished_at'),
    /** Which running process works on it, and until when it need not be looked after. */
    leaseOwner: text('lease_owner').notNull(),
    leaseExpiresAt: moment('lease_expires_at').notNull(),
    cancelRequestedAt: moment('cancel_requested_at'),
    /** When a watcher was last there, in any process. */
    watchedAt: moment('watched_at').notNull().defaultNow(),
  },
  (table) => [
    index('answer_workspace').on(table.workspaceId, table.id),
    index('answer_lease').on(table.status, table.leaseExpiresAt),
  ],
)

export const answerSourceTable = knowledgeSchema.table(
  'answer_source',
  {
    answerId: text('answer_id').notNull(),
    workspaceId: text('workspace_id').notNull(),
    marker: integer('marker').notNull(),
    chunkId: text('chunk_id').notNull(),
    score: real('score').notNull(),
    /** The chunk as it was then: what the answer is held against, whatever happens to the document. */
    content: jsonb('content').notNull().$type<StoredSource>(),
  },
  (table) => [primaryKey({ columns: [table.answerId, table.marker] })],
)

export const answerCitationTable = knowledgeSchema.table(
  'answer_citation',
  {
    answerId: text('answer_id').notNull(),
    workspaceId: text('workspace_id').notNull(),
    ordinal: integer('ordinal').notNull(),
    marker: integer('marker').notNull(),
    chunkId: text('chunk_id').notNull(),
    documentId: text('document_id').notNull(),
    answerStartOffset: integer('answer_start_offset').notNull(),
    answerEndOffset: integer('answer_end_offset').notNull(),
    startOffset: integer('start_offset').notNull(),
    endOffset: integer('end_offset').notNull(),
    page: integer('page'),
    quote: text('quote').notNull(),
    isVerified: boolean('is_verified').notNull(),
  },
  (table) => [primaryKey({ columns: [table.answerId, table.ordinal] })],
)

export const { stream: streamTable, streamEvent: streamEventTable, streamOutbox } = streamLogTables(knowledgeSchema)

export type KnowledgeBaseRow = typeof knowledgeBaseTable.$inferSelect
export type DocumentRow = typeof documentTable.$inferSelect
export type ChunkRow = Omit<typeof chunkTable.$inferSelect, 'precedingText'>
export type AnswerRow = typeof answerTable.$inferSelect
export type AnswerSourceRow = typeof answerSourceTable.$inferSelect
export type AnswerCitationRow = typeof answerCitationTable.$inferSelect
