// Every durable message between subgraphs. The first part of a queue's name is the subgraph that handles it.
//
// The life of a document: ingestion runs FETCH, EXTRACT and CLEAN itself, then commands knowledge (CHUNK, EMBED, INDEX), graph (LINK) and
// knowledge again (CHECK); each answers with `stepReported`. All handlers are idempotent: a command may arrive twice.
import { z } from 'zod'
import { defineMessage } from '#shared/job-queue.ts'

export const ingestionStepNameSchema = z.enum(['FETCH', 'EXTRACT', 'CLEAN', 'CHUNK', 'EMBED', 'INDEX', 'LINK', 'CHECK'])
export type IngestionStepName = z.infer<typeof ingestionStepNameSchema>

const stepError = z.object({ code: z.string(), message: z.string(), isRetryable: z.boolean() })
export type StepError = z.infer<typeof stepError>

const inWorkspace = { workspaceId: z.string() }
const aboutDocument = { ...inWorkspace, knowledgeBaseId: z.string(), documentId: z.string() }
/** `attempt`: 1 for the first run of the item, one more with each retry; a report of an older attempt is ignored. */
const forItem = { ...aboutDocument, itemId: z.string(), attempt: z.int().positive() }

/** ingestion → itself: run the steps of an item that ingestion does itself (FETCH, EXTRACT, CLEAN). */
export const itemRun = defineMessage(
  'ingestion.item-run',
  z.object({ ...inWorkspace, itemId: z.string(), attempt: z.int().positive() }),
)

/** ingestion → knowledge: a document is on its way; makes the PENDING Document. */
export const documentRegister = defineMessage(
  'knowledge.document-register',
  z.object({
    ...aboutDocument,
    title: z.string(),
    mediaType: z.string(),
    sizeBytes: z.int(),
    sourceUri: z.string().nullable(),
    tags: z.array(z.string()),
  }),
)

/** ingestion → knowledge: the content is extracted; run CHUNK, EMBED and INDEX. */
export const documentProcess = defineMessage(
  'knowledge.document-process',
  z.object({ ...forItem, contentKey: z.string(), contentTitle: z.string().nullable(), mediaType: z.string() }),
)

/** ingestion → graph: run LINK. `chunksKey` is the blob that knowledge wrote (documentChunksSchema). */
export const documentLink = defineMessage(
  'graph.document-link',
  z.object({ ...forItem, contentKey: z.string(), chunksKey: z.string() }),
)

/** ingestion → knowledge: run CHECK; on success the document is READY. */
export const documentCheck = defineMessage('knowledge.document-check', z.object({ ...forItem, contentKey: z.string() }))

/** ingestion → knowledge: the item ended without success; the document is FAILED. */
export const documentFail = defineMessage('knowledge.document-fail', z.object({ ...forItem }))

/** knowledge and graph → ingestion: how a commanded step goes. RUNNING may repeat, with progress. */
export const stepReported = defineMessage(
  'ingestion.step-reported',
  z.object({
    ...inWorkspace,
    itemId: z.string(),
    attempt: z.int().positive(),
    step: ingestionStepNameSchema,
    status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED']),
    occurredAt: z.iso.datetime(),
    error: stepError.optional(),
    completedUnits: z.int().optional(),
    totalUnits: z.int().optional(),
    /** With INDEX SUCCEEDED. */
    chunksKey: z.string().optional(),
  }),
)

/** knowledge → ingestion: a document or a whole knowledge base is gone; its unfinished items are cancelled. */
export const documentsDeleted = defineMessage(
  'ingestion.documents-deleted',
  z.object({ ...inWorkspace, knowledgeBaseId: z.string(), documentId: z.string().nullable() }),
)

/** knowledge → graph: remove exactly what this document (or, without one, this knowledge base) contributed. */
export const contributionsDelete = defineMessage(
  'graph.contributions-delete',
  z.object({ ...inWorkspace, knowledgeBaseId: z.string(), documentId: z.string().nullable() }),
)

/** knowledge → itself: rows are gone, or their document failed; remove what the vector store and the blob store still hold of them. */
export const searchEntriesDelete = defineMessage(
  'knowledge.search-entries-delete',
  z.object({
    ...inWorkspace,
    knowledgeBaseId: z.string(),
    documentId: z.string().nullable(),
    chunksKeys: z.array(z.string()),
  }),
)

/** all → metrics: something was used. `eventId` is the same however often the work is repeated, so that it counts once. */
export const usageRecorded = defineMessage(
  'metrics.usage-recorded',
  z.object({
    ...inWorkspace,
    eventId: z.string(),
    kind: z.enum(['GENERATION', 'EMBEDDING', 'RERANK', 'SEARCH', 'ANSWER']),
    occurredAt: z.iso.datetime(),
    modelName: z.string().nullable(),
    knowledgeBaseIds: z.array(z.string()),
    promptTokens: z.int().nonnegative(),
    completionTokens: z.int().nonnegative(),
    /** Retrieval time of searches and answers. */
    retrievalMs: z.number().nonnegative().nullable(),
  }),
  { isGathered: true },
)

export const ALL_MESSAGES = [
  itemRun,
  documentRegister,
  documentProcess,
  documentLink,
  documentCheck,
  documentFail,
  stepReported,
  documentsDeleted,
  contributionsDelete,
  searchEntriesDelete,
  usageRecorded,
] as const
