// What ingestion brings along when a workspace moves: jobs and their items, with the files as they came and what was read from them. Uploads
// stay: an address for bytes belongs to the installation, and what a job took of them is in its items.
import { inArray } from 'drizzle-orm'
import { fileURLToPath } from 'node:url'
import { countRows, fingerprintRows } from '#shared/database-rows.ts'
import { tableKind } from '../../contracts/table-kind.ts'
import { amount, type SubgraphTransfer, type TransferPlatform } from '../../contracts/workspace-archive.ts'
import { itemTable, jobTable } from './tables.ts'

export async function openIngestionTransfer({ database }: TransferPlatform): Promise<SubgraphTransfer> {
  await database.migrate({ schema: 'ingestion', folder: fileURLToPath(new URL('./migrations', import.meta.url)) })
  return {
    subgraph: 'ingestion',
    kinds: [
      tableKind({ kind: 'jobs', database: database.sql, table: jobTable, key: [jobTable.id] }),
      tableKind({
        kind: 'items',
        database: database.sql,
        table: itemTable,
        key: [itemTable.id],
        blobColumns: ['sourceKey', 'elementsKey', 'contentKey', 'chunksKey'],
        // The chunks are knowledge's, which tells whether they are still there; with a document its files go.
        blobKeys: ({ isDocumentDeleted, sourceKey, elementsKey, contentKey }) =>
          isDocumentDeleted ? [] : [sourceKey, elementsKey, contentKey],
      }),
    ],
    unfinished: async (workspaceId) =>
      amount(
        await countRows(database.sql, jobTable, workspaceId, inArray(jobTable.status, ['QUEUED', 'RUNNING'])),
        'running ingestion job',
      ),
    contents: async (workspaceId) => amount(await countRows(database.sql, jobTable, workspaceId), 'ingestion job'),
    fingerprint: (workspaceId) => fingerprintRows(database.sql, workspaceId, [jobTable, itemTable]),
    close: async () => undefined,
  }
}
