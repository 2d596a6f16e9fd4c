// Runs extraction in a thread of its own: tagging a long document takes a second of pure computation, in which the process would
// answer nobody. The thread has a memory limit and can be ended at any moment; the next document starts a new one.
import { Worker } from 'node:worker_threads'
import pLimit from 'p-limit'
import { TributaryError } from '#shared/errors.ts'
import type { DocumentContributions } from '../domain/entity.ts'
import type { ExtractDocument } from '../domain/extract-contributions.ts'
import type { ExtractionRequest } from './extraction-thread-entry.ts'

export interface ExtractionThreadOptions {
  /** Longest time for one document, in milliseconds. Default 120,000. */
  timeoutMs?: number
  /** Heap of the thread, in MiB. Default 1,024. */
  memoryLimitMb?: number
  /** How long an idle thread keeps its models in memory, in milliseconds. Default 30,000. */
  idleMs?: number
  /** The module that the thread runs. Default: extraction-thread-entry.ts. */
  entry?: URL
}

export interface ExtractionThread extends AsyncDisposable {
  /**
   * Documents take turns. One whose thread died without a reason is read a second time, in a new one. Throws CANCELLED when the signal is
   * aborted or the thread closed, EXTRACTION_TIMED_OUT, EXTRACTION_OUT_OF_MEMORY, or EXTRACTION_FAILED when the second thread died, too.
   */
  extract: ExtractDocument
  close(): Promise<void>
}

export function createExtractionThread(options: ExtractionThreadOptions = {}): ExtractionThread {
  const { timeoutMs = 120_000, memoryLimitMb = 1024, idleMs = 30_000 } = options
  const { entry = new URL('./extraction-thread-entry.ts', import.meta.url) } = options
  const inTurn = pLimit(1)
  let thread: Worker | undefined
  let idleTimer: NodeJS.Timeout | undefined
  let isClosed = false

  async function end() {
    clearTimeout(idleTimer)
    const ended = thread
    thread = undefined
    await ended?.terminate()
  }

  function start(): Worker {
    const worker = new Worker(entry, { resourceLimits: { maxOldGenerationSizeMb: memoryLimitMb } })
    // One that dies while idle is replaced; without a listener its error would end the process.
    worker.on('error', () => undefined)
    worker.once('exit', () => {
      if (thread === worker) thread = undefined
    })
    // An idle thread is no reason for the process to stay.
    worker.unref()
    return worker
  }

  async function run(request: ExtractionRequest, signal: AbortSignal): Promise<DocumentContributions> {
    if (isClosed || signal.aborted) throw cancelled(signal.reason)
    clearTimeout(idleTimer)
    const worker = (thread ??= start())
    worker.ref()
    try {
      return await answerOf(worker, request, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
    } catch (error) {
      // Whatever the thread is still doing, nobody waits for it.
      await end()
      throw isClosed || signal.aborted ? cancelled(error) : typedError(error, { timeoutMs, memoryLimitMb })
    } finally {
      worker.unref()
      idleTimer = setTimeout(() => void end(), idleMs).unref()
    }
  }

  const runTwice = (request: ExtractionRequest, signal: AbortSignal) =>
    run(request, signal).catch((error: unknown) => {
      if (!(error instanceof TributaryError) || error.code !== 'EXTRACTION_FAILED') throw error
      return run(request, signal)
    })

  const close = async () => {
    isClosed = true
    await end()
  }

  return {
    extract: ({ text, blocks }, signal) => inTurn(() => runTwice({ text, blocks }, signal)),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function answerOf(worker: Worker, request: ExtractionRequest, signal: AbortSignal): Promise<DocumentContributions> {
  const { promise, resolve, reject } = Promise.withResolvers<DocumentContributions>()
  const onAbort = () => reject(signal.reason)
  const onExit = (code: number) => reject(new Error(`The extraction thread ended with code ${code}.`))
  worker.once('message', resolve)
  worker.once('error', reject)
  worker.once('exit', onExit)
  signal.addEventListener('abort', onAbort, { once: true })
  worker.postMessage(request)
  return promise.finally(() => {
    worker.off('message', resolve)
    worker.off('error', reject)
    worker.off('exit', onExit)
    signal.removeEventListener('abort', onAbort)
  })
}

function typedError(error: unknown, limits: { timeoutMs: number; memoryLimitMb: number }): TributaryError {
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new TributaryError(
      'EXTRACTION_TIMED_OUT',
      `Finding entities took longer than ${limits.timeoutMs / 1000} s.`,
      {
        cause: error,
      },
    )
  }
  if (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new TributaryError(
      'EXTRACTION_OUT_OF_MEMORY',
      `Finding entities needed more than ${limits.memoryLimitMb} MiB. Split the document into smaller ones.`,
      { cause: error },
    )
  }
  return new TributaryError('EXTRACTION_FAILED', 'Finding entities failed.', { cause: error })
}

function cancelled(cause: unknown): TributaryError {
  return new TributaryError('CANCELLED', 'The extraction of entities was cancelled.', { cause })
}
