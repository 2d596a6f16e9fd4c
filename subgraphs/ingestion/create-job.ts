// Takes work on: checks what the caller sent, asks knowledge for the knowledge base, and writes job, items and the first commands in one
// transaction. With an idempotency key the same call again returns the same job, however often and however much at once.
import { and, eq, inArray, isNotNull, isNull } from 'drizzle-orm'
import type { Database, SqlExecutor } from '#shared/database.ts'
import { createId, hasPrefix } from '#shared/ids.ts'
import type { JobQueue } from '#shared/job-queue.ts'
import type { Identity } from '../../contracts/identity.ts'
import type { KnowledgeClient } from '../../contracts/knowledge-client.ts'
import { documentRegister, itemRun } from '../../contracts/messages.ts'
import { checkJobInput, isIdempotencyKey, type JobInput, type TextInput } from './domain/check-input.ts'
import { newItemState } from './domain/item-state.ts'
import { expectedMediaType, parseDeclaredMediaType } from './domain/media-type.ts'
import type { UserMistake } from './domain/user-mistake.ts'
import type { StoredBlobs } from './stored-blobs.ts'
import { itemTable, jobTable, uploadTable, type ItemRow, type JobRow, type UploadRow } from './tables.ts'
import type { Uploads } from './uploads.ts'

export type JobResult = { job: JobRow } | { mistakes: UserMistake[] }
export type CreateJob = (
  identity: Identity,
  input: JobInput & { knowledgeBaseId: string },
  signal: AbortSignal,
) => Promise<JobResult>

export interface CreateJobOptions {
  database: Database
  storedBlobs: StoredBlobs
  queue: JobQueue
  knowledge: KnowledgeClient
  takeIn: Uploads['takeIn']
}

type NewItem = typeof itemTable.$inferInsert

export function createCreateJob(options: CreateJobOptions): CreateJob {
  const { database, storedBlobs, queue, knowledge, takeIn } = options

  async function findByKey(
    executor: SqlExecutor,
    workspaceId: string,
    key: string | null,
  ): Promise<JobRow | undefined> {
    if (key === null || !isIdempotencyKey(key)) return undefined
    const [job] = await executor
      .select()
      .from(jobTable)
      .where(and(eq(jobTable.workspaceId, workspaceId), eq(jobTable.idempotencyKey, key)))
    return job
  }

  async function sendAll(items: readonly ItemRow[], tags: readonly string[], transaction: SqlExecutor): Promise<void> {
    const registrations = items.map((item) => ({
      workspaceId: item.workspaceId,
      knowledgeBaseId: item.knowledgeBaseId,
      documentId: item.documentId,
      title: item.name,
      // A first word; what EXTRACT finds in the bytes replaces it.
      mediaType: expectedMediaType(item.declaredMediaType, item.name) ?? 'application/octet-stream',
      sizeBytes: item.sizeBytes,
      sourceUri: null,
      tags: [...tags],
    }))
    await queue.sendMany(documentRegister, registrations, { transaction })
    const orders = items.map((item) => ({ workspaceId: item.workspaceId, itemId: item.id, attempt: item.attempt }))
    await queue.sendMany(itemRun, orders, { transaction })
  }

  return async (identity, input, signal) => {
    const { workspaceId } = identity
    const existing = await findByKey(database.sql, workspaceId, input.idempotencyKey)
    if (existing) return { job: existing }
    const mistakes = checkJobInput(input)
    if (mistakes.length > 0) return { mistakes }

    const knowledgeBase = hasPrefix(input.knowledgeBaseId, 'kb')
      ? await knowledge.findKnowledgeBase(identity, input.knowledgeBaseId, signal)
      : null
    if (!knowledgeBase)
      return refuse('NOT_FOUND', 'There is no knowledge base with this id in the workspace.', 'knowledgeBaseId')
    const wellFormed = input.uploadIds.filter((id) => hasPrefix(id, 'up'))
    const known = await database.sql
      .select()
      .from(uploadTable)
      .where(and(eq(uploadTable.workspaceId, workspaceId), inArray(uploadTable.id, wellFormed)))
    const uploads = await takeIn(known, signal)
    const ordered = input.uploadIds.map((id) => uploads.find((upload) => upload.id === id))
    const uploadMistakes = ordered.flatMap((upload, index) => checkUpload(upload, index)).slice(0, 1)
    if (uploadMistakes.length > 0) return { mistakes: uploadMistakes }

    const jobId = createId('job')
    const common = { workspaceId, jobId, knowledgeBaseId: knowledgeBase.id }
    const texts = input.texts.map((text) => ({ text, bytes: Buffer.from(text.text, 'utf8') }))
    const textKeys = await Promise.all(texts.map(({ bytes }) => storedBlobs.put(workspaceId, bytes, signal)))
    const items: NewItem[] = [
      ...ordered.map((upload) => itemOfUpload(upload!, common)),
      ...texts.map(({ text, bytes }, index) => itemOfText(text, bytes.byteLength, textKeys[index]!, common)),
    ].map((item, index) => ({ ...item, ordinal: index + 1 }))

    return database.sql
      .transaction(async (transaction): Promise<JobResult> => {
        const [job] = await transaction
          .insert(jobTable)
          .values({
            id: jobId,
            workspaceId,
            knowledgeBaseId: knowledgeBase.id,
            status: 'QUEUED',
            tags: [...input.tags],
            idempotencyKey: input.idempotencyKey,
            itemCount: items.length,
          })
          .onConflictDoNothing()
          .returning()
        if (!job) return { job: (await findByKey(transaction, workspaceId, input.idempotencyKey))! }
        if (input.uploadIds.length > 0) {
          const taken = await transaction
            .update(uploadTable)
            .set({ jobId, blobKey: null })
            .where(
              and(
                eq(uploadTable.workspaceId, workspaceId),
                inArray(uploadTable.id, [...input.uploadIds]),
                isNull(uploadTable.jobId),
                isNotNull(uploadTable.receivedAt),
              ),
            )
            .returning({ id: uploadTable.id })
          if (taken.length < input.uploadIds.length) throw new UploadTaken()
        }
        await storedBlobs.pass(
          items.map((item) => item.sourceKey!),
          transaction,
        )
        for (const { bytes } of texts) await storedBlobs.hold(workspaceId, bytes, transaction)
        const rows = await transaction.insert(itemTable).values(items).returning()
        await sendAll(rows, input.tags, transaction)
        return { job }
      })
      .catch(async (error: unknown) => {
        await storedBlobs.release(workspaceId, textKeys)
        if (error instanceof UploadTaken) return refuse('INVALID', USED_ALREADY, 'uploadIds')
        throw error
      })
  }
}

/** Rolls back: another call took an upload between the check and the write. */
class UploadTaken extends Error {}

const USED_ALREADY = 'An upload belongs to another job already; each is used once. Upload the file again.'

function checkUpload(upload: UploadRow | undefined, index: number): UserMistake[] {
  const path = ['input', 'uploadIds', String(index)]
  if (!upload) return [{ code: 'NOT_FOUND', message: 'There is no upload with this id in the workspace.', path }]
  if (upload.jobId !== null) return [{ code: 'INVALID', message: USED_ALREADY, path }]
  if (upload.receivedAt === null)
    return [{ code: 'INVALID', message: 'The bytes of this upload have not arrived. PUT them to its url first.', path }]
  return []
}

function newItem(common: { workspaceId: string; jobId: string; knowledgeBaseId: string }) {
  return { ...common, ...newItemState(), id: createId('item'), documentId: createId('doc'), ordinal: 0 }
}

function itemOfUpload(upload: UploadRow, common: Parameters<typeof newItem>[0]): NewItem {
  return {
    ...newItem(common),
    kind: 'upload',
    name: upload.fileName,
    declaredMediaType: upload.mediaType,
    sizeBytes: upload.sizeBytes,
    sourceKey: upload.blobKey!,
  }
}

function itemOfText(
  text: TextInput,
  sizeBytes: number,
  sourceKey: string,
  common: Parameters<typeof newItem>[0],
): NewItem {
  const declared = parseDeclaredMediaType(text.mediaType)
  // The text came as characters, so a charset in its type says nothing about the stored bytes.
  const declaredMediaType = declared.kind === 'supported' ? declared.mediaType : 'text/plain'
  return { ...newItem(common), kind: 'text', name: text.title.trim(), declaredMediaType, sizeBytes, sourceKey }
}

const refuse = (code: UserMistake['code'], message: string, field: string): JobResult => ({
  mistakes: [{ code, message, path: ['input', field] }],
})
