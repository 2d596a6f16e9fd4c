// `documentRegister` makes the PENDING document; `documentFail` marks it FAILED and takes its chunks out of the search index, where they would
// crowd out those of documents that can be found. A document that was deleted meanwhile stays deleted.
import { and, eq, gte, lte, ne, sql, type SQL } from 'drizzle-orm'
import type { z } from 'zod'
import type { Database } from '#shared/database.ts'
import type { JobQueue } from '#shared/job-queue.ts'
import { searchEntriesDelete, type documentFail, type documentRegister } from '../../contracts/messages.ts'
import { findDocument } from './find-document.ts'
import { documentTable, knowledgeBaseTable } from './tables.ts'

export function createRegisterDocument(options: { database: Database }) {
  return (data: z.output<typeof documentRegister.schema>): Promise<void> =>
    options.database.sql.transaction(async (transaction) => {
      const { workspaceId, knowledgeBaseId, documentId, title, mediaType, sizeBytes, sourceUri, tags } = data
      // Locking the knowledge base puts this before or behind its deletion, never in between.
      const [knowledgeBase] = await transaction
        .update(knowledgeBaseTable)
        .set({ updatedAt: sql`now()` })
        .where(and(eq(knowledgeBaseTable.workspaceId, workspaceId), eq(knowledgeBaseTable.id, knowledgeBaseId)))
        .returning({ id: knowledgeBaseTable.id })
      if (!knowledgeBase) return
      if ((await findDocument(transaction, data)).state !== 'unknown') return
      await transaction
        .insert(documentTable)
        .values({
          id: documentId,
          workspaceId,
          knowledgeBaseId,
          title,
          mediaType,
          sizeBytes,
          sourceUri,
          tags: tags.toSorted(),
          status: 'PENDING',
        })
        .onConflictDoNothing()
    })
}

type DocumentFailure = Pick<
  z.output<typeof documentFail.schema>,
  'workspaceId' | 'knowledgeBaseId' | 'documentId' | 'attempt'
>

export interface FailDocumentOptions {
  database: Database
  queue: JobQueue
}

/** Handles `documentFail`. */
export function createFailDocument(options: FailDocumentOptions): (failure: DocumentFailure) => Promise<void> {
  return (failure) =>
    fail(options, failure, and(ne(documentTable.status, 'READY'), lte(documentTable.attempt, failure.attempt)))
}

/** For whoever worked on the document: what it wrote after the document was given up goes as well. */
export function createForgetIfFailed(options: FailDocumentOptions): (failure: DocumentFailure) => Promise<void> {
  return (failure) =>
    fail(options, failure, and(eq(documentTable.status, 'FAILED'), gte(documentTable.attempt, failure.attempt)))
}

async function fail({ database, queue }: FailDocumentOptions, failure: DocumentFailure, isMeant: SQL | undefined) {
  const { workspaceId, knowledgeBaseId, documentId, attempt } = failure
  const isOwn = and(eq(documentTable.workspaceId, workspaceId), eq(documentTable.id, documentId))
  await database.sql.transaction(async (transaction) => {
    const [document] = await transaction
      .select({ chunksKey: documentTable.chunksKey })
      .from(documentTable)
      .where(and(isOwn, isMeant))
      .for('update')
    if (!document) return
    // Without `chunksKey` the next attempt embeds and indexes it anew.
    await transaction
      .update(documentTable)
      .set({ status: 'FAILED', attempt: sql`greatest(${documentTable.attempt}, ${attempt})`, chunksKey: null })
      .where(isOwn)
    const chunksKeys = document.chunksKey === null ? [] : [document.chunksKey]
    await queue.send(searchEntriesDelete, { workspaceId, knowledgeBaseId, documentId, chunksKeys }, { transaction })
  })
}
