// FETCH, EXTRACT and CLEAN of one item: each begins and ends in the database, and what it made is in the blob store before it ends. A
// process that dies in between repeats one step, whose result has the same bytes and so the same key.
import { createHash } from 'node:crypto'
import type { BlobStore } from '#shared/blob-store.ts'
import { isCancellation, isTroubleOfStore, TributaryError } from '#shared/errors.ts'
import type { GivenUp, JobQueue } from '#shared/job-queue.ts'
import { givenUpError } from '../../contracts/given-up.ts'
import { commandStep } from './commands.ts'
import {
  beginStep,
  failStep,
  nextStep,
  postponeStep,
  progressStep,
  stepOf,
  succeedStep,
  type ItemError,
  type Progress,
  type StepName,
} from './domain/item-state.ts'
import type { ItemDecision, ItemTransitions } from './item-transitions.ts'
import { createStepProgress } from './step-progress.ts'
import type { StoredBlobs } from './stored-blobs.ts'
import type { DocumentExtractor } from './ports/document-extractor.ts'
import type { RunningItems } from './running-items.ts'
import type { ItemRow } from './tables.ts'

export interface RunItemOptions {
  blobs: BlobStore
  storedBlobs: StoredBlobs
  queue: JobQueue
  transitions: ItemTransitions
  extractor: DocumentExtractor
  running: RunningItems
  /** Told of errors that are not ours when they end an item; those that are tried again the queue tells of. */
  onUnexpected: (error: unknown, itemId: string) => void
  now?: () => Date
}

type OwnStep = Extract<StepName, 'FETCH' | 'EXTRACT' | 'CLEAN'>
const NEXT_STEP = { FETCH: 'EXTRACT', EXTRACT: 'CLEAN' } as const

interface StepResult {
  /** What the item is to say beside the step. */
  found: NonNullable<ItemDecision['set']>
  /** What the step made, stored already. */
  bytes?: Buffer
  /** All there was to do; null where that cannot be counted. */
  progress: Progress | null
}

type PerformStep = (item: ItemRow, signal: AbortSignal, tell: (progress: Progress) => void) => Promise<StepResult>

/** After so many attempts an error that might pass is taken for one that does not, unless it is a store that is away. */
const MAXIMUM_ATTEMPTS = 3

export interface ItemOrder {
  workspaceId: string
  itemId: string
  attempt: number
}

export type RunItem = (order: ItemOrder, signal: AbortSignal) => Promise<void>

export function createRunItem(options: RunItemOptions): RunItem {
  const { blobs, storedBlobs, queue, transitions, extractor, running, onUnexpected } = options
  const at = () => (options.now?.() ?? new Date()).toISOString()

  const steps: Record<OwnStep, PerformStep> = {
    async FETCH(item, signal, tell) {
      const hash = createHash('sha256')
      let sizeBytes = 0
      for await (const part of blobs.stream(item.sourceKey!, signal)) {
        signal.throwIfAborted()
        hash.update(part as Buffer)
        sizeBytes += (part as Buffer).byteLength
        tell({ completedUnits: sizeBytes, totalUnits: item.sizeBytes })
      }
      if (sizeBytes !== item.sizeBytes || !item.sourceKey!.endsWith(hash.digest('hex'))) {
        throw new TributaryError(
          'UPLOAD_INCOMPLETE',
          'The stored bytes are not those that were uploaded. Upload the file again.',
          { isRetryable: false },
        )
      }
      return { found: {}, progress: { completedUnits: sizeBytes, totalUnits: sizeBytes } }
    },
    async EXTRACT(item, signal, tell) {
      const fileName = item.kind === 'text' ? 'text' : item.name
      const extraction = await extractor.extract({
        content: blobs.stream(item.sourceKey!, signal),
        fileName,
        mediaType: item.declaredMediaType,
        onProgress: ({ completedPages, pageCount }) => tell({ completedUnits: completedPages, totalUnits: pageCount }),
        signal,
      })
      const elementsKey = await storedBlobs.put(item.workspaceId, extraction.elements, signal)
      const { mediaType, pageCount, pagesWithoutText } = extraction
      return {
        found: { elementsKey, mediaType, pageCount, pagesWithoutText },
        bytes: extraction.elements,
        progress: pageCount === null ? null : { completedUnits: pageCount, totalUnits: pageCount },
      }
    },
    async CLEAN(item, signal) {
      const cleaned = await extractor.clean({ elements: blobs.stream(item.elementsKey!, signal), signal })
      const contentKey = await storedBlobs.put(item.workspaceId, cleaned.content, signal)
      // What EXTRACT found has served its purpose.
      const found = { contentKey, contentTitle: cleaned.title, elementsKey: null }
      return { found, bytes: cleaned.content, progress: null }
    },
  }

  /** The item with its next step begun; null when this process has nothing more to do with it. */
  const begin: (order: ItemOrder) => Promise<ItemRow | null> = ({ workspaceId, itemId, attempt }) =>
    transitions.apply(workspaceId, itemId, (current) => {
      const name = ownStepOf(current)
      const change = name && current.attempt === attempt ? beginStep(current, name, at()) : null
      return change && { change }
    })

  /** The work of a step; how far it is, watchers and the step itself are told meanwhile. */
  async function perform(name: OwnStep, item: ItemRow, signal: AbortSignal): Promise<StepResult> {
    await using progress = createStepProgress((far) =>
      transitions.apply(item.workspaceId, item.id, (current) => {
        if (current.attempt !== item.attempt || stepOf(current, name).status !== 'RUNNING') return null
        const change = progressStep({ id: item.id, state: current }, name, far, at())
        return change && { change }
      }),
    )
    return await steps[name](item, signal, progress.update)
  }

  /** Runs the step that was begun and begins the next one in the same transaction; null when there is no next one here. */
  async function runStep(name: OwnStep, item: ItemRow, signal: AbortSignal): Promise<ItemRow | null> {
    const { workspaceId } = item
    const { found, bytes, progress } = await perform(name, item, signal)
    const changed = await transitions.apply(workspaceId, item.id, (current) => {
      if (current.attempt !== item.attempt) return null
      const done = succeedStep({ id: item.id, state: current }, name, at(), progress)
      const next = done && name !== 'CLEAN' ? beginStep(done.state, NEXT_STEP[name], at()) : done
      return (
        done &&
        next && {
          change: { state: next.state, events: done.events },
          set: found,
          async send(row, transaction) {
            if (bytes) await storedBlobs.hold(workspaceId, bytes, transaction)
            if (name === 'CLEAN') await commandStep(queue, row, 'CHUNK', transaction)
          },
        }
      )
    })
    // Without a change the item has ended meanwhile, and nothing came of what the step made.
    if (!changed) await storedBlobs.release(workspaceId, [found.elementsKey ?? null, found.contentKey ?? null])
    else if (name === 'CLEAN') await storedBlobs.release(workspaceId, [item.elementsKey])
    return name === 'CLEAN' ? null : changed
  }

  /** Says in the item why the step did not succeed, and throws when the queue is to deliver the order again. */
  async function endWithError(name: OwnStep, item: ItemRow, cause: unknown): Promise<void> {
    const error = describe(cause)
    // What took too long once mostly does again: worth another try when a person asks for it, not by itself.
    const mayPass = error.isRetryable && error.code !== 'EXTRACTION_TIMED_OUT'
    const hasTries = isTroubleOfStore(cause) || stepOf(item, name).attemptCount < MAXIMUM_ATTEMPTS
    const isLastAttempt = !mayPass || !hasTries
    const isRecorded = await transitions.apply(item.workspaceId, item.id, (current) => {
      if (current.attempt !== item.attempt) return null
      const change = isLastAttempt
        ? failStep({ id: item.id, state: current }, name, error, at())
        : postponeStep(current, name, error)
      return change && { change }
    })
    if (isRecorded && !isLastAttempt) throw cause
    if (!(cause instanceof TributaryError)) onUnexpected(cause, item.id)
  }

  return async (order, signal) => {
    using run = running.start(order.itemId)
    const combined = AbortSignal.any([signal, run.signal])
    let item = await begin(order)
    while (item) {
      const begun: ItemRow = item
      const name = ownStepOf(begun)!
      try {
        item = await runStep(name, begun, combined)
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

/** For an order that is given up: the step that it stood at has failed. */
export function createGiveUpItem({
  transitions,
}: Pick<RunItemOptions, 'transitions'>): (givenUp: GivenUp<ItemOrder>) => Promise<void> {
  return async (givenUp) => {
    const { workspaceId, itemId, attempt } = givenUp.data
    await transitions.apply(workspaceId, itemId, (current) => {
      const name = current.attempt === attempt ? ownStepOf(current) : null
      const at = new Date().toISOString()
      const change = name && failStep({ id: itemId, state: current }, name, givenUpError(givenUp), at)
      return change && { change }
    })
  }
}

/** The step to be done next, if it is done here. */
function ownStepOf(item: ItemRow): OwnStep | null {
  const name = nextStep(item)
  return name === 'FETCH' || name === 'EXTRACT' || name === 'CLEAN' ? name : null
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
