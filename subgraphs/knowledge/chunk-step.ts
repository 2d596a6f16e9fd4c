// CHUNK: cuts the extracted content and stores the pieces. Ids and cuts follow from the document's id and content alone, so a repeated run
// writes the same rows; it happens in one transaction with its report.
import { and, eq } from 'drizzle-orm'
import type { BlobStore } from '#shared/blob-store.ts'
import type { Database } from '#shared/database.ts'
import { TributaryError } from '#shared/errors.ts'
import { deterministicId } from '#shared/ids.ts'
import { documentContentSchema } from '../../contracts/document-content.ts'
import { chunkDocument } from './domain/chunk-document.ts'
import { pageMarks } from './domain/page-marks.ts'
import { findDocument, type AboutDocument } from './find-document.ts'
import type { StepReports } from './step-reports.ts'
import { chunkEmbeddingTable, chunkTable, documentTable, type DocumentRow } from './tables.ts'

const ROWS_PER_INSERT = 500

export interface ChunkStepOptions {
  database: Database
  blobs: BlobStore
  about: AboutDocument & { attempt: number; contentKey: string; contentTitle: string | null }
  reports: StepReports
  signal: AbortSignal
}

/** The document with its chunks stored; null when it was deleted meanwhile. Throws what is wrong with the content. */
export async function runChunkStep(options: ChunkStepOptions): Promise<DocumentRow | null> {
  const { database, about, reports } = options
  const { workspaceId, documentId, contentKey } = about
  const content = await readContent(options.blobs, contentKey, options.signal)
  const drafts = chunkDocument(content)
  if (drafts.length === 0)
    throw new TributaryError('DOCUMENT_WITHOUT_TEXT', 'The document holds no text that could be searched.')
  const pages = pageMarks(content.blocks, drafts)
  let end = 0
  const rows = drafts.map((draft, index) => {
    const precedingText = content.text.slice(end, draft.startOffset)
    end = draft.endOffset
    return {
      id: deterministicId('chunk', documentId, String(draft.ordinal)),
      workspaceId,
      knowledgeBaseId: about.knowledgeBaseId,
      documentId,
      ordinal: draft.ordinal,
      startOffset: draft.startOffset,
      endOffset: draft.endOffset,
      pages: pages[index]!,
      headings: draft.headings.slice(0, 6),
      text: content.text.slice(draft.startOffset, draft.endOffset),
      precedingText,
    }
  })
  return database.sql.transaction(async (transaction) => {
    const found = await findDocument(transaction, about, { lock: true })
    if (found.state !== 'present') return null
    for (const table of [chunkTable, chunkEmbeddingTable])
      await transaction.delete(table).where(and(eq(table.workspaceId, workspaceId), eq(table.documentId, documentId)))
    for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
      await transaction.insert(chunkTable).values(rows.slice(from, from + ROWS_PER_INSERT))
    const [document] = await transaction
      .update(documentTable)
      .set({
        contentKey,
        trailingText: content.text.slice(end),
        chunkCount: rows.length,
        vectorCount: null,
        chunksKey: null,
        ...(about.contentTitle === null ? {} : { title: about.contentTitle }),
      })
      .where(and(eq(documentTable.workspaceId, workspaceId), eq(documentTable.id, documentId)))
      .returning()
    await reports.succeeded('CHUNK', { completedUnits: rows.length, totalUnits: rows.length }, transaction)
    return document ?? null
  })
}

export async function readContent(blobs: BlobStore, contentKey: string, signal?: AbortSignal) {
  return documentContentSchema.parse(JSON.parse((await blobs.read(contentKey, signal)).toString('utf8')))
}
