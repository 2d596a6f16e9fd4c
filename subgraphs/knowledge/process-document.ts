// `documentProcess`: CHUNK, EMBED and INDEX of one document. What an earlier delivery finished is told again, not done again; the columns
// `contentKey`, `vectorCount` and `chunksKey` of the document say how far it came.
import { and, eq, sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { z } from 'zod'
import type { BlobStore } from '#shared/blob-store.ts'
import type { Database, SqlExecutor } from '#shared/database.ts'
import { isTroubleOfStore, TributaryError } from '#shared/errors.ts'
import type { Delivery, JobQueue } from '#shared/job-queue.ts'
import type { documentProcess, IngestionStepName } from '../../contracts/messages.ts'
import type { ModelsClient } from '../../contracts/models-client.ts'
import { runChunkStep } from './chunk-step.ts'
import { runEmbedStep } from './embed-step.ts'
import { findDocument } from './find-document.ts'
import { runIndexStep } from './index-step.ts'
import type { KnowledgeBases } from './knowledge-bases.ts'
import type { VectorStore } from './ports/vector-store.ts'
import { createStepReports } from './step-reports.ts'
import { documentTable, type DocumentRow } from './tables.ts'

/** Deliveries before retryable trouble ends the step: with the queue's delays about six minutes. For a store that is away it waits longer. */
const DELIVERIES_MAX = 16

export interface ProcessDocumentOptions {
  database: Database
  blobs: BlobStore
  queue: JobQueue
  models: ModelsClient
  vectorStore: VectorStore
  knowledgeBases: KnowledgeBases
  logger: Pick<Logger, 'error'>
}

export function createProcessDocument(options: ProcessDocumentOptions) {
  const { database, blobs, queue, models, vectorStore, knowledgeBases, logger } = options

  return async (delivery: Delivery<z.output<typeof documentProcess.schema>>): Promise<void> => {
    const { data, retryCount, signal } = delivery
    const { workspaceId, knowledgeBaseId, documentId } = data
    const reports = createStepReports({ queue, item: data })
    const forget = () => vectorStore.deleteDocument(workspaceId, documentId, signal)

    const found = await findDocument(database.sql, data)
    if (found.state === 'deleted') return forget()
    if (found.state === 'unknown')
      throw new TributaryError('UPSTREAM_UNAVAILABLE', 'The document is not registered yet.')
    // Given up or cancelled: only a newer attempt begins again.
    if (found.document.status === 'FAILED' && found.document.attempt >= data.attempt) return
    let step: IngestionStepName = 'CHUNK'
    try {
      let document: DocumentRow | null = await noteAttempt(found.document, data)
      await reports.running('CHUNK')
      if (document.contentKey === data.contentKey)
        await reports.succeeded('CHUNK', { completedUnits: document.chunkCount, totalUnits: document.chunkCount })
      else document = await runChunkStep({ database, blobs, reports, about: data, signal })
      if (document === null) return await forget()

      step = 'EMBED'
      const [known] = await knowledgeBases.findMany(workspaceId, [knowledgeBaseId])
      if (!known) return await forget()
      const knowledgeBase = await knowledgeBases.settleEmbeddingModel(known, signal)
      const isIndexed = document.chunksKey !== null
      if (isIndexed) {
        const { vectorCount, chunkCount } = document
        await reports.succeeded('EMBED', { completedUnits: vectorCount ?? 0, totalUnits: chunkCount })
      }
      const vectorCount = isIndexed
        ? (document.vectorCount ?? 0)
        : await runEmbedStep({ database, models, knowledgeBase, document, reports, signal })
      if (vectorCount === null) return await forget()

      step = 'INDEX'
      if (isIndexed) await reports.succeeded('INDEX', { chunksKey: document.chunksKey! })
      else await runIndexStep({ database, blobs, vectorStore, knowledgeBase, document, vectorCount, reports, signal })
    } catch (error) {
      // The process is ending: the next one goes on from the checkpoint.
      if (signal.aborted) throw error
      const isRetryable = !(error instanceof TributaryError) || error.isRetryable
      if (isTroubleOfStore(error) || (isRetryable && retryCount < DELIVERIES_MAX)) throw error
      logger.error({ err: error, step, documentId }, 'a document could not be indexed')
      await reports.failed(step, describe(error))
    }
  }

  /** The media type is what EXTRACT found in the bytes; at registration only the file's name was known. */
  async function noteAttempt(
    document: DocumentRow,
    { attempt, mediaType }: { attempt: number; mediaType: string },
  ): Promise<DocumentRow> {
    if (document.attempt >= attempt && document.mediaType === mediaType) return document
    const [noted] = await database.sql
      .update(documentTable)
      .set({
        attempt: sql`greatest(${documentTable.attempt}, ${attempt})`,
        mediaType,
        ...(document.status === 'FAILED' ? { status: 'PENDING' as const } : {}),
      })
      .where(and(eq(documentTable.workspaceId, document.workspaceId), eq(documentTable.id, document.id)))
      .returning()
    return noted ?? document
  }
}

/** Where the work on a document has come to a halt. */
export async function unfinishedStep(
  database: SqlExecutor,
  command: z.output<typeof documentProcess.schema>,
): Promise<'CHUNK' | 'EMBED' | 'INDEX'> {
  const found = await findDocument(database, command)
  if (found.state !== 'present' || found.document.contentKey !== command.contentKey) return 'CHUNK'
  return found.document.vectorCount === null ? 'EMBED' : 'INDEX'
}

function describe(error: unknown) {
  if (error instanceof TributaryError)
    return { code: error.code, message: error.message, isRetryable: error.isRetryable }
  return {
    code: 'INTERNAL_SERVER_ERROR',
    message: 'Something went wrong while the document was indexed. The log of the knowledge worker has the details.',
    isRetryable: true,
  }
}
