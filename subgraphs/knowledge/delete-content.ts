// Deleting a document or a knowledge base: the rows at once, and in the same transaction the durable messages that make graph, ingestion
// and the stores of knowledge forget it too. A tombstone keeps late messages of its ingestion from bringing it back.
import { and, eq, isNotNull, lt, sql } from 'drizzle-orm'
import type { BlobStore } from '#shared/blob-store.ts'
import type { Database, SqlExecutor } from '#shared/database.ts'
import { hasPrefix } from '#shared/ids.ts'
import type { Delivery, JobQueue } from '#shared/job-queue.ts'
import type { z } from 'zod'
import { contributionsDelete, documentsDeleted, searchEntriesDelete } from '../../contracts/messages.ts'
import { findDocument } from './find-document.ts'
import type { VectorStore } from './ports/vector-store.ts'
import { chunkEmbeddingTable, chunkTable, documentTable, knowledgeBaseTable, tombstoneTable } from './tables.ts'
import { notFound, type UserMistake } from './user-mistake.ts'

export interface DeleteContent {
  /** Empty when it was deleted. */
  deleteDocument(workspaceId: string, id: string): Promise<UserMistake[]>
  deleteKnowledgeBase(workspaceId: string, id: string): Promise<UserMistake[]>
}

/** Longer than any message of an ingestion can be delivered late. */
const TOMBSTONE_LIFETIME_DAYS = 30
/** Keeps a message of a large knowledge base below a megabyte. */
const KEYS_PER_MESSAGE = 2000

export function createDeleteContent(options: { database: Database; queue: JobQueue }): DeleteContent {
  const { database, queue } = options

  async function tellOthers(
    transaction: SqlExecutor,
    gone: { workspaceId: string; knowledgeBaseId: string; documentId: string | null },
    chunksKeys: string[],
  ) {
    await queue.send(contributionsDelete, gone, { transaction })
    await queue.send(documentsDeleted, gone, { transaction })
    for (let from = 0; from === 0 || from < chunksKeys.length; from += KEYS_PER_MESSAGE) {
      const keys = chunksKeys.slice(from, from + KEYS_PER_MESSAGE)
      await queue.send(searchEntriesDelete, { ...gone, chunksKeys: keys }, { transaction })
    }
  }

  async function bury(transaction: SqlExecutor, workspaceId: string, id: string) {
    await transaction
      .delete(tombstoneTable)
      .where(lt(tombstoneTable.deletedAt, sql`now() - ${`${TOMBSTONE_LIFETIME_DAYS} days`}::interval`))
    await transaction.insert(tombstoneTable).values({ id, workspaceId }).onConflictDoNothing()
  }

  return {
    async deleteDocument(workspaceId, id) {
      if (!hasPrefix(id, 'doc')) return [notFound('document')]
      return database.sql.transaction(async (transaction) => {
        const [row] = await transaction
          .delete(documentTable)
          .where(and(eq(documentTable.workspaceId, workspaceId), eq(documentTable.id, id)))
          .returning()
        if (!row) return [notFound('document')]
        for (const table of [chunkTable, chunkEmbeddingTable])
          await transaction.delete(table).where(and(eq(table.workspaceId, workspaceId), eq(table.documentId, id)))
        const { knowledgeBaseId } = row
        await transaction
          .update(knowledgeBaseTable)
          .set({ updatedAt: sql`now()` })
          .where(and(eq(knowledgeBaseTable.workspaceId, workspaceId), eq(knowledgeBaseTable.id, knowledgeBaseId)))
        await bury(transaction, workspaceId, id)
        const chunksKeys = row.chunksKey === null ? [] : [row.chunksKey]
        await tellOthers(transaction, { workspaceId, knowledgeBaseId, documentId: id }, chunksKeys)
        return []
      })
    },

    async deleteKnowledgeBase(workspaceId, id) {
      if (!hasPrefix(id, 'kb')) return [notFound('knowledge base')]
      return database.sql.transaction(async (transaction) => {
        const [row] = await transaction
          .delete(knowledgeBaseTable)
          .where(and(eq(knowledgeBaseTable.workspaceId, workspaceId), eq(knowledgeBaseTable.id, id)))
          .returning()
        if (!row) return [notFound('knowledge base')]
        const inside = and(eq(documentTable.workspaceId, workspaceId), eq(documentTable.knowledgeBaseId, id))
        const keys = await transaction
          .select({ key: documentTable.chunksKey })
          .from(documentTable)
          .where(and(inside, isNotNull(documentTable.chunksKey)))
        await transaction.execute(
          sql`delete from ${chunkEmbeddingTable} using ${documentTable}
              where ${chunkEmbeddingTable.workspaceId} = ${workspaceId}
                and ${documentTable.id} = ${chunkEmbeddingTable.documentId} and ${inside}`,
        )
        await transaction
          .delete(chunkTable)
          .where(and(eq(chunkTable.workspaceId, workspaceId), eq(chunkTable.knowledgeBaseId, id)))
        await transaction.delete(documentTable).where(inside)
        await bury(transaction, workspaceId, id)
        await tellOthers(
          transaction,
          { workspaceId, knowledgeBaseId: id, documentId: null },
          keys.map(({ key }) => key!),
        )
        return []
      })
    },
  }
}

/** Handles `searchEntriesDelete`: for what was deleted, and for a document that failed and is not being tried again. */
export function createDeleteSearchEntries(options: { database: Database; vectorStore: VectorStore; blobs: BlobStore }) {
  return async (
    delivery: Pick<Delivery<z.output<typeof searchEntriesDelete.schema>>, 'data' | 'signal'>,
  ): Promise<void> => {
    const { data, signal } = delivery
    const { workspaceId, knowledgeBaseId, documentId, chunksKeys } = data
    if (documentId !== null) {
      const found = await findDocument(options.database.sql, { workspaceId, knowledgeBaseId, documentId })
      // The next attempt was faster than this message: what is stored now is its own.
      if (found.state === 'present' && found.document.status !== 'FAILED') return
    }
    if (documentId === null) await options.vectorStore.deleteKnowledgeBase(workspaceId, knowledgeBaseId, signal)
    else await options.vectorStore.deleteDocument(workspaceId, documentId, signal)
    // The chunks blob names ids of this document only, so no other document can share it.
    for (const key of chunksKeys) await options.blobs.delete(key)
  }
}
