// The one way an item changes: locked, decided by the pure state machine, and written together with the job's counts, the events for
// watchers and the messages to other subgraphs, so that all of it happens or none. Locks go item first, then job, everywhere.
import { and, eq, sql } from 'drizzle-orm'
import type { Database, SqlExecutor } from '#shared/database.ts'
import type { JobQueue } from '#shared/job-queue.ts'
import type { StreamLog } from '#shared/stream-log.ts'
import { documentFail } from '../../contracts/messages.ts'
import { finalJobStatus, hasEnded, type ItemChange, type JobEvent } from './domain/item-state.ts'
import { itemTable, jobTable, type ItemRow, type JobRow } from './tables.ts'

export interface ItemDecision {
  change: ItemChange
  /** Columns beside the state: what a step found. */
  set?: Partial<
    Pick<
      ItemRow,
      'elementsKey' | 'contentKey' | 'chunksKey' | 'mediaType' | 'contentTitle' | 'pageCount' | 'pagesWithoutText'
    >
  >
  /** Sends what follows from the change, in its transaction. */
  send?: (item: ItemRow, transaction: SqlExecutor) => Promise<void>
}

export interface ItemTransitions {
  /** Returns the item as it is now; null when it is unknown or `decide` found nothing to change. */
  apply(workspaceId: string, itemId: string, decide: (item: ItemRow) => ItemDecision | null): Promise<ItemRow | null>
}

export interface CreateItemTransitionsOptions {
  database: Database
  queue: JobQueue
  events: StreamLog<JobEvent>
}

/** Each run of a job has a stream of its own. */
export const streamIdOf = (jobId: string, run: number): string => `${jobId}.${run}`

export function createItemTransitions(options: CreateItemTransitionsOptions): ItemTransitions {
  const { database, queue, events } = options

  async function updateJob(transaction: SqlExecutor, before: ItemRow, after: ItemRow): Promise<JobRow> {
    const isEndedNow = hasEnded(after.status) && !hasEnded(before.status)
    const isOf = and(eq(jobTable.workspaceId, after.workspaceId), eq(jobTable.id, after.jobId))
    if (!isEndedNow && before.status === after.status) {
      const [job] = await transaction.select().from(jobTable).where(isOf)
      return job!
    }
    const count = (status: ItemRow['status']) => (isEndedNow && after.status === status ? 1 : 0)
    const [job] = await transaction
      .update(jobTable)
      .set({
        status: sql`case when ${jobTable.status} = 'QUEUED' then 'RUNNING' else ${jobTable.status} end`,
        startedAt: sql`coalesce(${jobTable.startedAt}, now())`,
        completedItemCount: sql`${jobTable.completedItemCount} + ${count('SUCCEEDED')}`,
        failedItemCount: sql`${jobTable.failedItemCount} + ${count('FAILED')}`,
        cancelledItemCount: sql`${jobTable.cancelledItemCount} + ${count('CANCELLED')}`,
      })
      .where(isOf)
      .returning()
    return job!
  }

  return {
    apply: (workspaceId, itemId, decide) =>
      database.sql.transaction(async (transaction) => {
        const isItem = and(eq(itemTable.workspaceId, workspaceId), eq(itemTable.id, itemId))
        const [item] = await transaction.select().from(itemTable).where(isItem).for('update')
        const decision = item && decide(item)
        if (!decision) return null
        const { change } = decision
        const { status: itemStatus, steps, error } = change.state
        const [updated] = await transaction
          .update(itemTable)
          .set({ status: itemStatus, steps, error, ...decision.set })
          .where(isItem)
          .returning()
        const changed = updated!
        const job = await updateJob(transaction, item, changed)
        if (hasEnded(changed.status) && changed.status !== 'SUCCEEDED' && !changed.isDocumentDeleted) {
          const { knowledgeBaseId, documentId, attempt } = changed
          await queue.send(documentFail, { workspaceId, knowledgeBaseId, documentId, itemId, attempt }, { transaction })
        }
        await decision.send?.(changed, transaction)
        const status = finalJobStatus(job)
        if (status !== null)
          await transaction
            .update(jobTable)
            .set({ status, finishedAt: new Date() })
            .where(and(eq(jobTable.workspaceId, workspaceId), eq(jobTable.id, job.id)))
        const payloads: JobEvent[] = status === null ? change.events : [...change.events, { type: 'job-finished' }]
        if (payloads.length > 0)
          await events.append(workspaceId, streamIdOf(job.id, job.run), payloads, {
            transaction,
            isLast: status !== null,
          })
        return changed
      }),
  }
}
