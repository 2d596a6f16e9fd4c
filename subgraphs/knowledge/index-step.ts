// INDEX: hands chunks and vectors to the vector store, counts them there, and tells graph's part of the work by a blob of the chunks. Only
// then are the checkpointed vectors let go.
import { and, asc, eq, gt } from 'drizzle-orm'
import type { BlobStore } from '#shared/blob-store.ts'
import type { Database } from '#shared/database.ts'
import { TributaryError } from '#shared/errors.ts'
import type { DocumentChunks } from '../../contracts/document-content.ts'
import { indexText } from './domain/index-text.ts'
import { findDocument } from './find-document.ts'
import type { EmbeddingSpace, VectorStore } from './ports/vector-store.ts'
import type { StepReports } from './step-reports.ts'
import { chunkEmbeddingTable, chunkTable, documentTable, type DocumentRow, type KnowledgeBaseRow } from './tables.ts'
import { vectorFromBytes } from './vector-bytes.ts'

const PAGE_ROWS = 500

export interface IndexStepOptions {
  database: Database
  blobs: BlobStore
  vectorStore: VectorStore
  knowledgeBase: KnowledgeBaseRow
  document: DocumentRow
  vectorCount: number
  reports: StepReports
  signal: AbortSignal
}

/** False when the document was deleted meanwhile: then nothing of it is left in the stores. */
export async function runIndexStep(options: IndexStepOptions): Promise<boolean> {
  const { database, blobs, vectorStore, document, vectorCount, reports, signal } = options
  const { workspaceId, knowledgeBaseId, id: documentId, chunkCount } = document
  const about = { workspaceId, knowledgeBaseId, documentId }
  const isComplete = async () => {
    const counts = await vectorStore.count(workspaceId, documentId, signal)
    return counts.texts === chunkCount && counts.vectors === vectorCount
  }
  let chunks = await storeChunks(options)
  if (!(await isComplete())) {
    if ((await findDocument(database.sql, about)).state !== 'present') {
      await vectorStore.deleteDocument(workspaceId, documentId, signal)
      return false
    }
    // Left over from other content of the same document, cut or embedded differently.
    await vectorStore.deleteDocument(workspaceId, documentId, signal)
    chunks = await storeChunks(options)
    if (!(await isComplete()))
      throw new TributaryError('UPSTREAM_UNAVAILABLE', 'The vector store does not hold what was written to it.')
  }
  const blob: DocumentChunks = { version: 1, chunks }
  const { key: chunksKey } = await blobs.put(workspaceId, Buffer.from(JSON.stringify(blob)), signal)
  const isPresent = await database.sql.transaction(async (transaction) => {
    if ((await findDocument(transaction, about, { lock: true })).state !== 'present') return false
    await transaction
      .update(documentTable)
      .set({ chunksKey })
      .where(and(eq(documentTable.workspaceId, workspaceId), eq(documentTable.id, documentId)))
    await transaction
      .delete(chunkEmbeddingTable)
      .where(and(eq(chunkEmbeddingTable.workspaceId, workspaceId), eq(chunkEmbeddingTable.documentId, documentId)))
    await reports.succeeded('INDEX', { completedUnits: chunkCount, totalUnits: chunkCount, chunksKey }, transaction)
    return true
  })
  if (!isPresent) {
    await vectorStore.deleteDocument(workspaceId, documentId, signal)
    await blobs.delete(chunksKey)
  }
  return isPresent
}

async function storeChunks(options: IndexStepOptions): Promise<DocumentChunks['chunks']> {
  const { database, vectorStore, knowledgeBase, document, vectorCount, reports, signal } = options
  const { workspaceId, knowledgeBaseId, id: documentId, chunkCount } = document
  const told: DocumentChunks['chunks'] = []
  for (let after = -1; ; after += PAGE_ROWS) {
    signal.throwIfAborted()
    await reports.running('INDEX', { completedUnits: told.length, totalUnits: chunkCount })
    const rows = await database.sql
      .select({
        id: chunkTable.id,
        text: chunkTable.text,
        headings: chunkTable.headings,
        startOffset: chunkTable.startOffset,
        endOffset: chunkTable.endOffset,
        vector: chunkEmbeddingTable.vector,
      })
      .from(chunkTable)
      .leftJoin(
        chunkEmbeddingTable,
        and(eq(chunkEmbeddingTable.workspaceId, workspaceId), eq(chunkEmbeddingTable.chunkId, chunkTable.id)),
      )
      .where(
        and(
          eq(chunkTable.workspaceId, workspaceId),
          eq(chunkTable.documentId, documentId),
          gt(chunkTable.ordinal, after),
        ),
      )
      .orderBy(asc(chunkTable.ordinal))
      .limit(PAGE_ROWS)
    if (rows.length === 0) return told
    const chunks = rows.map(({ id, text, headings, vector }) => ({
      id,
      text: indexText({ text, headings, documentTitle: document.title }),
      vector: vectorCount === 0 || vector === null ? null : vectorFromBytes(vector),
    }))
    if (vectorCount > 0 && chunks.some(({ vector }) => vector === null)) throw takenOver()
    const place = { workspaceId, knowledgeBaseId, documentId }
    await vectorStore.upsert(place, spaceOf(knowledgeBase, chunks), chunks, signal)
    told.push(...rows.map(({ id, startOffset, endOffset }) => ({ id, startOffset, endOffset })))
  }
}

function spaceOf(knowledgeBase: KnowledgeBaseRow, chunks: readonly { vector: Float32Array | null }[]) {
  const dimensions = chunks[0]?.vector?.length
  if (dimensions === undefined || knowledgeBase.embeddingModelName === null) return null
  return { modelName: knowledgeBase.embeddingModelName, dimensions } satisfies EmbeddingSpace
}

/** A second delivery of the same message was faster; delivered again, this one finds the work done. */
const takenOver = () =>
  new TributaryError('UPSTREAM_UNAVAILABLE', 'The vectors of the document are being moved by another process.')
