// What metrics brings along when a workspace moves: every usage event, since figures are asked over all time.
import { fileURLToPath } from 'node:url'
import { countRows, fingerprintRows } from '#shared/database-rows.ts'
import { tableKind } from '../../contracts/table-kind.ts'
import { amount, type SubgraphTransfer, type TransferPlatform } from '../../contracts/workspace-archive.ts'
import { knowledgeBaseUsageTable, usageEventTable } from './tables.ts'

export async function openMetricsTransfer({ database }: TransferPlatform): Promise<SubgraphTransfer> {
  await database.migrate({ schema: 'metrics', folder: fileURLToPath(new URL('./migrations', import.meta.url)) })
  return {
    subgraph: 'metrics',
    kinds: [
      tableKind({
        kind: 'usage-events',
        database: database.sql,
        table: usageEventTable,
        key: [usageEventTable.eventId],
      }),
      tableKind({
        kind: 'knowledge-base-usage',
        database: database.sql,
        table: knowledgeBaseUsageTable,
        key: [knowledgeBaseUsageTable.knowledgeBaseId, knowledgeBaseUsageTable.eventId],
      }),
    ],
    unfinished: async () => [],
    contents: async (workspaceId) => amount(await countRows(database.sql, usageEventTable, workspaceId), 'usage event'),
    fingerprint: (workspaceId) =>
      fingerprintRows(database.sql, workspaceId, [usageEventTable, knowledgeBaseUsageTable]),
    close: async () => undefined,
  }
}
