// FETCH, EXTRACT and CLEAN of one item: each begins and ends in the database, and what it made is in the blob store before it ends. A
// process that dies in between repeats one step, whose result has the same bytes and so the same key.
import { createHash } from 'node:crypto'
import { eq } from 'drizzle-orm'
import type { BlobStore } from '#shared/blob-store.ts'
import type { SqlExecutor } from '#shared/database.ts'
import { isCancellation, TributaryError } from '#shared/errors.ts'
import type { JobQueue } from '#shared/job-queue.ts'
import { commandStep } from './commands.ts'
import {
  beginStep,
  failStep,
  hasEnded,
  nextStep,
  postponeStep,
  stepOf,
  succeedStep,
  type ItemError,
  type StepName,
} from './domain/item-state.ts'
import type { ItemDecision, ItemTransitions } from './item-transitions.ts'
import type { StoredBlobs } from './stored-blobs.ts'
import type { DocumentExtractor } from './ports/document-extractor.ts'
import type { RunningItems } from './running-items.ts'
import { itemTable, type ItemRow } from './tables.ts'

export interface RunItemOptions {
  database: SqlExecutor
  blobs: BlobStore
  storedBlobs: StoredBlobs
  queue: JobQueue
  transitions: ItemTransitions
  extractor: DocumentExtractor
  running: RunningItems
  now?: () => Date
}

type OwnStep = Extract<StepName, 'FETCH' | 'EXTRACT' | 'CLEAN'>
interface StepResult {
  /** What the item is to say beside the step. */
  found: NonNullable<ItemDecision['set']>
  /** What the step made, stored already. */
  bytes?: Buffer
}

/** After so many attempts an error that might pass is taken for one that does not. */
const MAXIMUM_ATTEMPTS = 3

export type RunItem = (
  order: { workspaceId: string; itemId: string; attempt: number },
  signal: AbortSignal,
) => Promise<void>

export function createRunItem(options: RunItemOptions): RunItem {
  const { database, blobs, storedBlobs, queue, transitions, extractor, running } = options
  const at = () => (options.now?.() ?? new Date()).toISOString()

  const steps: Record<OwnStep, (item: ItemRow, signal: AbortSignal) => Promise<StepResult>> = {
    async FETCH(item, signal) {
      const hash = createHash('sha256')
      let sizeBytes = 0
      for await (const part of blobs.stream(item.sourceKey!)) {
        signal.throwIfAborted()
        hash.update(part as Buffer)
        sizeBytes += (part as Buffer).byteLength
      }
      if (sizeBytes !== item.sizeBytes || !item.sourceKey!.endsWith(hash.digest('hex'))) {
        throw new TributaryError(
          'UPLOAD_INCOMPLETE',
          'The stored bytes are not those that were uploaded. Upload the file again.',
          { isRetryable: false },
        )
      }
      return { found: {} }
    },
    async EXTRACT(item, signal) {
      const fileName = item.kind === 'text' ? 'text' : item.name
      const extraction = await extractor.extract({
        content: blobs.stream(item.sourceKey!),
        fileName,
        mediaType: item.declaredMediaType,
        signal,
      })
      const elementsKey = await storedBlobs.put(item.workspaceId, extraction.elements)
      const { mediaType, pageCount, pagesWithoutText } = extraction
      return { found: { elementsKey, mediaType, pageCount, pagesWithoutText }, bytes: extraction.elements }
    },
    async CLEAN(item, signal) {
      const cleaned = await extractor.clean({ elements: blobs.stream(item.elementsKey!), signal })
      const contentKey = await storedBlobs.put(item.workspaceId, cleaned.content)
      // What EXTRACT found has served its purpose.
      return { found: { contentKey, contentTitle: cleaned.title, elementsKey: null }, bytes: cleaned.content }
    },
  }

  async function runStep(name: OwnStep, item: ItemRow, signal: AbortSignal): Promise<void> {
    const { workspaceId } = item
    const { found, bytes } = await steps[name](item, signal)
    const isApplied = await transitions.apply(item.workspaceId, item.id, (current) => {
      const change = current.attempt === item.attempt ? succeedStep({ id: item.id, state: current }, name, at()) : null
      return (
        change && {
          change,
          set: found,
          async send(changed, transaction) {
            if (bytes) await storedBlobs.hold(workspaceId, bytes, transaction)
            if (name === 'CLEAN') await commandStep(queue, changed, 'CHUNK', transaction)
          },
        }
      )
    })
    // The item has ended meanwhile, and nothing came of what the step made.
    if (!isApplied) await storedBlobs.release(workspaceId, [found.elementsKey ?? null, found.contentKey ?? null])
    else if (name === 'CLEAN') await storedBlobs.release(workspaceId, [item.elementsKey])
  }

  /** Says in the item why the step did not succeed, and throws when the queue is to deliver the order again. */
  async function endWithError(name: OwnStep, item: ItemRow, cause: unknown): Promise<void> {
    const error = describe(cause)
    // What took too long once mostly does again: worth another try when a person asks for it, not by itself.
    const mayPass = error.isRetryable && error.code !== 'EXTRACTION_TIMED_OUT'
    const isLastAttempt = !mayPass || stepOf(item, name).attemptCount >= MAXIMUM_ATTEMPTS
    const isRecorded = await transitions.apply(item.workspaceId, item.id, (current) => {
      if (current.attempt !== item.attempt) return null
      const change = isLastAttempt
        ? failStep({ id: item.id, state: current }, name, error, at())
        : postponeStep(current, name, error)
      return change && { change }
    })
    if (isRecorded && !isLastAttempt) throw cause
  }

  return async ({ workspaceId, itemId, attempt }, signal) => {
    using run = running.start(itemId)
    const combined = AbortSignal.any([signal, run.signal])
    for (;;) {
      const [item] = await database.select().from(itemTable).where(eq(itemTable.id, itemId))
      if (!item || item.workspaceId !== workspaceId || item.attempt !== attempt || hasEnded(item.status)) return
      const name = nextStep(item)
      if (name !== 'FETCH' && name !== 'EXTRACT' && name !== 'CLEAN') return
      const begun = await transitions.apply(workspaceId, itemId, (current) => {
        const change = current.attempt === attempt && nextStep(current) === name ? beginStep(current, name, at()) : null
        return change && { change }
      })
      if (!begun) return
      try {
        await runStep(name, begun, combined)
      } catch (error) {
        // Cancelled by a caller: the item says so already. Stopped with the process: the next one goes on.
        if (run.signal.aborted) return
        if (signal.aborted || isCancellation(error)) throw error
        await endWithError(name, begun, error)
        return
      }
    }
  }
}

/** What of an error may be shown: ours as it is; anything else only that it happened. */
function describe(error: unknown): ItemError {
  if (error instanceof TributaryError)
    return { code: error.code, message: error.message, isRetryable: error.isRetryable }
  return {
    code: 'INTERNAL_SERVER_ERROR',
    message: 'Something went wrong on the server; its log has the details. Try again.',
    isRetryable: true,
  }
}
