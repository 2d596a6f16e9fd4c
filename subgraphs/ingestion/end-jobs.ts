// Cancelling and retrying whole jobs. Both lock the items first and then the job, as every change of an item does.
import { and, asc, eq, inArray, notInArray, sql } from 'drizzle-orm'
import type { Database, SqlExecutor } from '#shared/database.ts'
import { hasPrefix } from '#shared/ids.ts'
import type { JobQueue } from '#shared/job-queue.ts'
import type { StreamLog } from '#shared/stream-log.ts'
import { documentFail } from '../../contracts/messages.ts'
import { commandStep } from './commands.ts'
import type { JobResult } from './create-job.ts'
import { cancelItem, finalJobStatus, retryItem, type JobEvent, type JobStatus } from './domain/item-state.ts'
import { streamIdOf } from './item-transitions.ts'
import { CANCEL_CHANNEL } from './running-items.ts'
import { releaseItems, type StoredBlobs } from './stored-blobs.ts'
import { itemTable, jobTable, type ItemRow, type JobRow } from './tables.ts'

export interface EndJobs {
  /** What has not ended is cancelled, and running work is stopped. */
  cancel(workspaceId: string, jobId: string): Promise<JobResult>
  /** Failed items of an ended job are tried again. */
  retry(workspaceId: string, jobId: string): Promise<JobResult>
  /** Items whose document (or whole knowledge base) was deleted: unfinished ones are cancelled, and the bytes of all go. */
  forget(deleted: { workspaceId: string; knowledgeBaseId: string; documentId: string | null }): Promise<void>
}

const ENDED = ['SUCCEEDED', 'FAILED', 'CANCELLED'] as const

export function createEndJobs(options: {
  database: Database
  queue: JobQueue
  events: StreamLog<JobEvent>
  storedBlobs: StoredBlobs
}): EndJobs {
  const { database, queue, events, storedBlobs } = options

  /** Cancels these locked items of one job and writes counts, status and events. */
  async function cancelItems(
    transaction: SqlExecutor,
    items: readonly ItemRow[],
    { workspaceId, jobId, isByCaller }: { workspaceId: string; jobId: string; isByCaller: boolean },
  ): Promise<JobRow> {
    const isJob = and(eq(jobTable.workspaceId, workspaceId), eq(jobTable.id, jobId))
    const at = new Date().toISOString()
    const payloads: JobEvent[] = []
    for (const item of items) {
      const change = cancelItem({ id: item.id, state: item }, at)
      if (!change) continue
      const { status, steps } = change.state
      await transaction
        .update(itemTable)
        .set({ status, steps })
        .where(and(eq(itemTable.workspaceId, workspaceId), eq(itemTable.id, item.id)))
      payloads.push(...change.events)
    }
    const toFail = items.filter((item) => !item.isDocumentDeleted)
    const failures = toFail.map(({ knowledgeBaseId, documentId, id, attempt }) => ({
      workspaceId,
      knowledgeBaseId,
      documentId,
      itemId: id,
      attempt,
    }))
    await queue.sendMany(documentFail, failures, { transaction })
    const [counted] = await transaction
      .update(jobTable)
      .set({ cancelledItemCount: sql`${jobTable.cancelledItemCount} + ${items.length}` })
      .where(isJob)
      .returning()
    const final: JobStatus | null = isByCaller ? 'CANCELLED' : finalJobStatus(counted!)
    if (final !== null) {
      payloads.push({ type: 'job-finished' })
      await transaction
        .update(jobTable)
        .set({ status: final, finishedAt: new Date(at) })
        .where(isJob)
    }
    if (payloads.length > 0)
      await events.append(workspaceId, streamIdOf(jobId, counted!.run), payloads, {
        transaction,
        isLast: final !== null,
      })
    await transaction.execute(sql`select pg_notify(${CANCEL_CHANNEL}, ${jobId})`)
    return final === null ? counted! : { ...counted!, status: final, finishedAt: new Date(at) }
  }

  const unended = (workspaceId: string) =>
    and(eq(itemTable.workspaceId, workspaceId), notInArray(itemTable.status, [...ENDED]))

  async function lockJob(transaction: SqlExecutor, workspaceId: string, jobId: string): Promise<JobRow | undefined> {
    const [job] = await transaction
      .select()
      .from(jobTable)
      .where(and(eq(jobTable.workspaceId, workspaceId), eq(jobTable.id, jobId)))
      .for('update')
    return job
  }

  return {
    async cancel(workspaceId, jobId) {
      if (!hasPrefix(jobId, 'job')) return notFound
      return database.sql.transaction(async (transaction) => {
        const items = await transaction
          .select()
          .from(itemTable)
          .where(and(unended(workspaceId), eq(itemTable.jobId, jobId)))
          .orderBy(asc(itemTable.ordinal))
          .for('update')
        const job = await lockJob(transaction, workspaceId, jobId)
        if (!job) return notFound
        if (job.finishedAt)
          return refuse(
            'NOT_CANCELLABLE',
            `The job has ended already (${job.status}). There is nothing left to cancel.`,
          )
        return { job: await cancelItems(transaction, items, { workspaceId, jobId, isByCaller: true }) }
      })
    },

    async retry(workspaceId, jobId) {
      if (!hasPrefix(jobId, 'job')) return notFound
      return database.sql.transaction(async (transaction) => {
        const items = await transaction
          .select()
          .from(itemTable)
          .where(
            and(
              eq(itemTable.workspaceId, workspaceId),
              eq(itemTable.jobId, jobId),
              eq(itemTable.status, 'FAILED'),
              eq(itemTable.isDocumentDeleted, false),
            ),
          )
          .orderBy(asc(itemTable.ordinal))
          .for('update')
        const job = await lockJob(transaction, workspaceId, jobId)
        if (!job) return notFound
        if (!job.finishedAt)
          return refuse('INVALID', 'The job is still running. Wait until it has ended, or cancel it.')
        if (items.length === 0) return { job }
        for (const item of items) {
          const retried = retryItem(item)!
          const { status, steps, error } = retried.state
          const [updated] = await transaction
            .update(itemTable)
            .set({ status, steps, error, attempt: item.attempt + 1 })
            .where(and(eq(itemTable.workspaceId, workspaceId), eq(itemTable.id, item.id)))
            .returning()
          await commandStep(queue, updated!, retried.from, transaction)
        }
        const [reopened] = await transaction
          .update(jobTable)
          .set({
            status: 'RUNNING',
            finishedAt: null,
            run: job.run + 1,
            failedItemCount: job.failedItemCount - items.length,
          })
          .where(and(eq(jobTable.workspaceId, workspaceId), eq(jobTable.id, jobId)))
          .returning()
        return { job: reopened! }
      })
    },

    async forget({ workspaceId, knowledgeBaseId, documentId }) {
      const isConcerned =
        documentId === null
          ? and(eq(itemTable.workspaceId, workspaceId), eq(itemTable.knowledgeBaseId, knowledgeBaseId))
          : and(eq(itemTable.workspaceId, workspaceId), eq(itemTable.documentId, documentId))
      const items = await database.sql.transaction(async (transaction) => {
        const marked = await transaction
          .update(itemTable)
          .set({ isDocumentDeleted: true })
          .where(isConcerned)
          .returning()
        if (documentId === null) {
          await transaction
            .update(jobTable)
            .set({ isKnowledgeBaseDeleted: true })
            .where(and(eq(jobTable.workspaceId, workspaceId), eq(jobTable.knowledgeBaseId, knowledgeBaseId)))
        }
        const jobIds = [...new Set(marked.map(({ jobId }) => jobId))]
        if (jobIds.length === 0) return []
        const unfinished = await transaction
          .select()
          .from(itemTable)
          .where(and(unended(workspaceId), isConcerned, inArray(itemTable.jobId, jobIds)))
          .orderBy(asc(itemTable.jobId), asc(itemTable.ordinal))
          .for('update')
        for (const [jobId, ofJob] of Map.groupBy(unfinished, (item) => item.jobId))
          await cancelItems(transaction, ofJob, { workspaceId, jobId, isByCaller: false })
        return marked
      })
      await releaseItems({ database: database.sql, storedBlobs }, items)
    },
  }
}

const refuse = (code: 'INVALID' | 'NOT_CANCELLABLE' | 'NOT_FOUND', message: string): JobResult => ({
  mistakes: [{ code, message, path: ['id'] }],
})
const notFound = refuse('NOT_FOUND', 'There is no ingestion job with this id in the workspace.')
