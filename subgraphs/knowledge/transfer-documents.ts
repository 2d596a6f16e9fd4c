// Documents on their way between installations. They come last of what they consist of, and a READY one is held against the vector store: what
// was not found there is said at once, and not by searches that miss it.
import { and, eq, inArray } from 'drizzle-orm'
import type { SqlExecutor } from '#shared/database.ts'
import { TributaryError } from '#shared/errors.ts'
import { tableKind } from '../../contracts/table-kind.ts'
import { archivedDocumentSchema, type TransferredKind } from '../../contracts/workspace-archive.ts'
import type { VectorStore } from './ports/vector-store.ts'
import { documentTable, tombstoneTable } from './tables.ts'

export function documentsKind(options: { database: SqlExecutor; vectorStore: VectorStore }): TransferredKind {
  const { database, vectorStore } = options
  const rows = tableKind({
    kind: 'documents',
    database,
    table: documentTable,
    key: [documentTable.id],
    blobColumns: ['contentKey', 'chunksKey'],
  })

  async function refuseDeleted(workspaceId: string, ids: readonly string[]): Promise<void> {
    const [buried] = await database
      .select({ id: tombstoneTable.id })
      .from(tombstoneTable)
      .where(and(eq(tombstoneTable.workspaceId, workspaceId), inArray(tombstoneTable.id, [...ids])))
      .limit(1)
    if (buried)
      throw new TributaryError(
        'IMPORT_CONFLICT',
        `${buried.id} was deleted in this workspace before, and what was deleted does not come back. Import into another installation.`,
      )
  }

  return {
    ...rows,
    async write(target, records, signal) {
      const { workspaceId } = target
      const documents = records.map((record) => archivedDocumentSchema.parse(record))
      await refuseDeleted(
        workspaceId,
        documents.flatMap(({ id, knowledgeBaseId }) => [id, knowledgeBaseId]),
      )
      await rows.write(target, records, signal)
      const stored = await database
        .select()
        .from(documentTable)
        .where(
          and(
            eq(documentTable.workspaceId, workspaceId),
            inArray(
              documentTable.id,
              documents.map(({ id }) => id),
            ),
            eq(documentTable.status, 'READY'),
          ),
        )
      for (const { id, chunkCount, vectorCount } of stored) {
        const counts = await vectorStore.count(workspaceId, id, signal)
        if (counts.texts !== chunkCount || counts.vectors !== vectorCount)
          throw new TributaryError(
            'QUALITY_CHECK_FAILED',
            `The vector store has ${counts.texts} of ${chunkCount} chunks and ${counts.vectors} of ${vectorCount} vectors of the document ${id} that were written to it. Run the command again.`,
          )
      }
    },
  }
}
