// What each subgraph brings along when a workspace moves, as data. In this order it is read and written: graph keeps its part by document, and
// a document's files are ingestion's.
import type { OpenSubgraphTransfer, SubgraphTransfer, TransferPlatform } from '../../contracts/workspace-archive.ts'

const OPENERS: readonly (() => Promise<OpenSubgraphTransfer>)[] = [
  async () => (await import('../../subgraphs/knowledge/transfer.ts')).openKnowledgeTransfer,
  async () => (await import('../../subgraphs/ingestion/transfer.ts')).openIngestionTransfer,
  async () => (await import('../../subgraphs/graph/transfer.ts')).openGraphTransfer,
  async () => (await import('../../subgraphs/models/transfer.ts')).openModelsTransfer,
  async () => (await import('../../subgraphs/metrics/transfer.ts')).openMetricsTransfer,
]

export const loadAccountsTransfer = async () =>
  (await import('../../subgraphs/accounts/transfer.ts')).openAccountsTransfer

/** All of them, in order, each with its schema up to date. */
export async function openTransfers(
  platform: TransferPlatform,
): Promise<{ transfers: SubgraphTransfer[]; close(): Promise<void> }> {
  const opened = new AsyncDisposableStack()
  const transfers: SubgraphTransfer[] = []
  try {
    for (const load of OPENERS) {
      const open = await load()
      const transfer = await open(platform)
      opened.defer(() => transfer.close())
      transfers.push(transfer)
    }
    return { transfers, close: () => opened.disposeAsync() }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}
