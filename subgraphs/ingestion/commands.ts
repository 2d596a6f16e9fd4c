// What ingestion commands the other subgraphs to do with an item, each command in the transaction of the change it follows from.
import type { SqlExecutor } from '#shared/database.ts'
import type { JobQueue } from '#shared/job-queue.ts'
import { documentCheck, documentLink, documentProcess, itemRun } from '../../contracts/messages.ts'
import type { StepName } from './domain/item-state.ts'
import type { ItemRow } from './tables.ts'

/** Commands whoever runs `step` to run it, and what belongs to it. Null keys cannot be: the steps before wrote them. */
export async function commandStep(
  queue: JobQueue,
  item: ItemRow,
  step: StepName,
  transaction: SqlExecutor,
): Promise<void> {
  const { workspaceId, knowledgeBaseId, documentId, attempt } = item
  const forItem = { workspaceId, knowledgeBaseId, documentId, itemId: item.id, attempt }
  switch (step) {
    case 'FETCH':
    case 'EXTRACT':
    case 'CLEAN':
      return queue.send(itemRun, { workspaceId, itemId: item.id, attempt }, { transaction })
    case 'CHUNK':
    case 'EMBED':
    case 'INDEX': {
      // The title of a text was given by the caller; what the text says of itself does not replace it.
      const contentTitle = item.kind === 'text' ? null : item.contentTitle
      return queue.send(
        documentProcess,
        { ...forItem, contentKey: item.contentKey!, contentTitle, mediaType: item.mediaType! },
        { transaction },
      )
    }
    case 'LINK':
      return queue.send(
        documentLink,
        { ...forItem, contentKey: item.contentKey!, chunksKey: item.chunksKey! },
        { transaction },
      )
    case 'CHECK':
      return queue.send(documentCheck, { ...forItem, contentKey: item.contentKey! }, { transaction })
  }
}
