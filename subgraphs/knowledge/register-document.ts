// `documentRegister` makes the PENDING document; `documentFail` marks it FAILED. A document that was deleted meanwhile stays deleted.
import { and, eq, lte, ne, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Database } from '#shared/database.ts'
import type { documentFail, documentRegister } from '../../contracts/messages.ts'
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

export function createFailDocument(options: { database: Database }) {
  return async (data: z.output<typeof documentFail.schema>): Promise<void> => {
    const { workspaceId, documentId, attempt } = data
    await options.database.sql
      .update(documentTable)
      .set({ status: 'FAILED', attempt })
      .where(
        and(
          eq(documentTable.workspaceId, workspaceId),
          eq(documentTable.id, documentId),
          ne(documentTable.status, 'READY'),
          lte(documentTable.attempt, attempt),
        ),
      )
  }
}
