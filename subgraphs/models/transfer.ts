// What models brings along when a workspace moves: its generations. Hosts and what they have belong to the installation; events of streams are
// kept for a while only, wherever they are.
import { inArray } from 'drizzle-orm'
import { fileURLToPath } from 'node:url'
import { countRows, fingerprintRows } from '#shared/database-rows.ts'
import { tableKind } from '../../contracts/table-kind.ts'
import { amount, type SubgraphTransfer, type TransferPlatform } from '../../contracts/workspace-archive.ts'
import { ACTIVE_STATUSES } from './domain/generation.ts'
import { generationTable } from './tables.ts'

export async function openModelsTransfer({ database }: TransferPlatform): Promise<SubgraphTransfer> {
  await database.migrate({ schema: 'models', folder: fileURLToPath(new URL('./migrations', import.meta.url)) })
  const isActive = inArray(generationTable.status, [...ACTIVE_STATUSES])
  return {
    subgraph: 'models',
    kinds: [
      tableKind({
        kind: 'generations',
        database: database.sql,
        table: generationTable,
        key: [generationTable.id],
      }),
    ],
    unfinished: async (workspaceId) =>
      amount(await countRows(database.sql, generationTable, workspaceId, isActive), 'running generation'),
    contents: async (workspaceId) => amount(await countRows(database.sql, generationTable, workspaceId), 'generation'),
    fingerprint: (workspaceId) => fingerprintRows(database.sql, workspaceId, [generationTable]),
    close: async () => undefined,
  }
}
