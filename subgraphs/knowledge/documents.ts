// Documents and their chunks as stored: read in batches, one statement per batch.
import { and, asc, desc, eq, getTableColumns, gt, inArray, lte, sql } from 'drizzle-orm'
import type { SqlExecutor } from '#shared/database.ts'
import type { Page } from '#shared/graphql/connection.ts'
import { readDocumentOrder, readOrdinal } from './page-order.ts'
import { wellFormed } from './well-formed.ts'
import { chunkTable, documentTable, type ChunkRow, type DocumentRow } from './tables.ts'

export interface Documents {
  findMany(workspaceId: string, ids: readonly string[]): Promise<DocumentRow[]>
  /** Of each knowledge base the page, newest first, with one row more than its limit where there is more. */
  pagesOf(workspaceId: string, knowledgeBaseIds: readonly string[], page: Page): Promise<DocumentRow[]>
  /** `text` is null until the document was cut into chunks. */
  texts(workspaceId: string, ids: readonly string[]): Promise<{ id: string; text: string | null }[]>
  findChunks(workspaceId: string, ids: readonly string[]): Promise<ChunkRow[]>
  /** Of each document the page, in reading order, with one row more than its limit where there is more. */
  chunkPagesOf(workspaceId: string, documentIds: readonly string[], page: Page): Promise<ChunkRow[]>
}

const { precedingText: _precedingText, ...chunkColumns } = getTableColumns(chunkTable)

export function createDocuments(options: { database: SqlExecutor }): Documents {
  const { database } = options
  return {
    findMany: (workspaceId, ids) =>
      database
        .select()
        .from(documentTable)
        .where(and(eq(documentTable.workspaceId, workspaceId), inArray(documentTable.id, wellFormed(ids, 'doc')))),

    pagesOf(workspaceId, knowledgeBaseIds, page) {
      const { id, createdAt, knowledgeBaseId } = documentTable
      const after = readDocumentOrder(page)
      const ranked = database
        .select({
          id,
          place:
            sql<number>`row_number() over (partition by ${knowledgeBaseId} order by ${createdAt} desc, ${id} desc)`.as(
              'place',
            ),
        })
        .from(documentTable)
        .where(
          and(
            eq(documentTable.workspaceId, workspaceId),
            inArray(knowledgeBaseId, [...knowledgeBaseIds]),
            after === null ? undefined : sql`(${createdAt}, ${id}) < (${after.createdAt}::timestamptz, ${after.id})`,
          ),
        )
        .as('ranked')
      return database
        .select(getTableColumns(documentTable))
        .from(documentTable)
        .innerJoin(ranked, and(eq(documentTable.workspaceId, workspaceId), eq(ranked.id, id)))
        .where(lte(ranked.place, page.limit + 1))
        .orderBy(desc(createdAt), desc(id))
    },

    texts(workspaceId, ids) {
      const pieces = database
        .select({
          documentId: chunkTable.documentId,
          text: sql<string>`string_agg(${chunkTable.precedingText} || ${chunkTable.text}, '' order by ${chunkTable.ordinal})`.as(
            'joined_text',
          ),
        })
        .from(chunkTable)
        .where(and(eq(chunkTable.workspaceId, workspaceId), inArray(chunkTable.documentId, [...ids])))
        .groupBy(chunkTable.documentId)
        .as('pieces')
      return database
        .select({ id: documentTable.id, text: sql<string | null>`${pieces.text} || ${documentTable.trailingText}` })
        .from(documentTable)
        .leftJoin(pieces, eq(pieces.documentId, documentTable.id))
        .where(and(eq(documentTable.workspaceId, workspaceId), inArray(documentTable.id, wellFormed(ids, 'doc'))))
    },

    findChunks: (workspaceId, ids) =>
      database
        .select(chunkColumns)
        .from(chunkTable)
        .where(and(eq(chunkTable.workspaceId, workspaceId), inArray(chunkTable.id, wellFormed(ids, 'chunk')))),

    chunkPagesOf(workspaceId, documentIds, page) {
      // Ordinals of a document are 0, 1, 2 …, so a page is a range of them.
      const after = readOrdinal(page)
      return database
        .select(chunkColumns)
        .from(chunkTable)
        .where(
          and(
            eq(chunkTable.workspaceId, workspaceId),
            inArray(chunkTable.documentId, [...documentIds]),
            gt(chunkTable.ordinal, after),
            lte(chunkTable.ordinal, after + page.limit + 1),
          ),
        )
        .orderBy(asc(chunkTable.ordinal))
    },
  }
}
