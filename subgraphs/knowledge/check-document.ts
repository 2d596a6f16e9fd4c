// `documentCheck`: holds rows, vectors and spans against the extracted content. Only a document that passes is READY and found by search.
// One that does not is cut and indexed anew when its ingestion is tried again.
import { and, asc, eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { BlobStore } from '#shared/blob-store.ts'
import type { Database } from '#shared/database.ts'
import { TributaryError } from '#shared/errors.ts'
import type { Delivery, JobQueue } from '#shared/job-queue.ts'
import type { documentCheck } from '../../contracts/messages.ts'
import { readContent } from './chunk-step.ts'
import { findChunkFault } from './domain/find-chunk-fault.ts'
import { findDocument } from './find-document.ts'
import type { VectorStore } from './ports/vector-store.ts'
import { createStepReports } from './step-reports.ts'
import { chunkTable, documentTable, knowledgeBaseTable, type DocumentRow } from './tables.ts'

export interface CheckDocumentOptions {
  database: Database
  blobs: BlobStore
  queue: JobQueue
  vectorStore: VectorStore
}

export function createCheckDocument(options: CheckDocumentOptions) {
  const { database, blobs, queue, vectorStore } = options

  async function findFault(document: DocumentRow, contentKey: string, signal: AbortSignal): Promise<string | null> {
    const { workspaceId, id, chunkCount, vectorCount, trailingText } = document
    if (document.contentKey !== contentKey || trailingText === null) return 'its chunks were cut from other content'
    const content = await readContent(blobs, contentKey)
    const chunks = await database.sql
      .select()
      .from(chunkTable)
      .where(and(eq(chunkTable.workspaceId, workspaceId), eq(chunkTable.documentId, id)))
      .orderBy(asc(chunkTable.ordinal))
    const fault = findChunkFault({ text: content.text, chunks, chunkCount, trailingText })
    if (fault !== null) return fault
    const counts = await vectorStore.count(workspaceId, id, signal)
    if (counts.texts !== chunkCount) return `${counts.texts} of its ${chunkCount} chunks are in the full-text index`
    if (counts.vectors !== vectorCount || (vectorCount !== 0 && vectorCount !== chunkCount))
      return `${counts.vectors} of its ${chunkCount} chunks have a vector`
    return null
  }

  return async (delivery: Pick<Delivery<z.output<typeof documentCheck.schema>>, 'data' | 'signal'>): Promise<void> => {
    const { data, signal } = delivery
    const { workspaceId, documentId, knowledgeBaseId, attempt } = data
    const reports = createStepReports({ queue, item: data })
    const found = await findDocument(database.sql, data)
    if (found.state === 'deleted') return vectorStore.deleteDocument(workspaceId, documentId, signal)
    if (found.state === 'unknown')
      throw new TributaryError('UPSTREAM_UNAVAILABLE', 'The document is not registered yet.')
    await reports.running('CHECK')
    const fault = await findFault(found.document, data.contentKey, signal)
    await database.sql.transaction(async (transaction) => {
      const own = and(eq(documentTable.workspaceId, workspaceId), eq(documentTable.id, documentId))
      if (fault !== null) {
        await transaction.update(documentTable).set({ contentKey: null, chunksKey: null }).where(own)
        await reports.failed('CHECK', qualityCheckFailed(fault), transaction)
        return
      }
      // Deleted in between: there is nothing to report of, and nothing to bring back.
      const [ready] = await transaction
        .update(documentTable)
        .set({ status: 'READY', attempt: sql`greatest(${documentTable.attempt}, ${attempt})` })
        .where(own)
        .returning({ chunkCount: documentTable.chunkCount })
      if (!ready) return
      await transaction
        .update(knowledgeBaseTable)
        .set({ updatedAt: sql`now()` })
        .where(and(eq(knowledgeBaseTable.workspaceId, workspaceId), eq(knowledgeBaseTable.id, knowledgeBaseId)))
      const units = { completedUnits: ready.chunkCount, totalUnits: ready.chunkCount }
      await reports.succeeded('CHECK', units, transaction)
    })
  }
}

const qualityCheckFailed = (fault: string) => ({
  code: 'QUALITY_CHECK_FAILED',
  message: `The document did not pass its check: ${fault}. Retry its ingestion; it is then indexed anew.`,
  isRetryable: true,
})
