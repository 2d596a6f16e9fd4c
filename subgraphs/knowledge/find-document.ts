// What a durable message about a document finds: the document, that it was deleted, or that it is not there yet.
import { and, eq, inArray } from 'drizzle-orm'
import type { SqlExecutor } from '#shared/database.ts'
import { documentTable, tombstoneTable, type DocumentRow } from './tables.ts'

export interface AboutDocument {
  workspaceId: string
  knowledgeBaseId: string
  documentId: string
}

export type FoundDocument = { state: 'present'; document: DocumentRow } | { state: 'deleted' } | { state: 'unknown' }

/** `lock` keeps others from changing or deleting it until the transaction ends. */
export async function findDocument(
  executor: SqlExecutor,
  about: AboutDocument,
  options: { lock?: boolean } = {},
): Promise<FoundDocument> {
  const { workspaceId, knowledgeBaseId, documentId } = about
  const query = executor
    .select()
    .from(documentTable)
    .where(and(eq(documentTable.workspaceId, workspaceId), eq(documentTable.id, documentId)))
  const [document] = await (options.lock ? query.for('update') : query)
  if (document) return { state: 'present', document }
  const buried = await executor
    .select()
    .from(tombstoneTable)
    .where(and(eq(tombstoneTable.workspaceId, workspaceId), inArray(tombstoneTable.id, [documentId, knowledgeBaseId])))
  return { state: buried.length > 0 ? 'deleted' : 'unknown' }
}
