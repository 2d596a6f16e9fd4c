// The main thread's side of an ONNX worker. One item is in work at a time, because on a CPU batches of texts are slower than the same
// texts one by one (their padding is computed too); calls take turns item by item, so that a search does not wait for a document.
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { cancellationOf, modelFailed, providerBusy, throwIfCancelled } from '../ports/model-errors.ts'
import type { OnnxItem, OnnxReply, OnnxRequest, OnnxResult, OnnxWorkerData } from './onnx-worker.ts'

export interface OnnxRunnerOptions {
  /** The model's name, for errors. */
  modelName: string
  task: OnnxWorkerData['task']
  /** The model's folder. */
  directory: string
  /** Tokens of one item that are read. */
  contextLength: number
  /** Threads of the computation. Default: one less than the cores, at least one. */
  threads?: number
  /** Items that may wait before CAPACITY_EXCEEDED. Default 20,000. */
  maxQueuedItems?: number
}

export interface OnnxRunner extends AsyncDisposable {
  /** One result an item, in order. */
  run(items: readonly OnnxItem[], signal: AbortSignal): Promise<OnnxResult[]>
  /** Whether the weights are in memory. */
  isLoaded(): boolean
}

interface Call {
  items: readonly OnnxItem[]
  results: OnnxResult[]
  hasLeft: boolean
  resolve(results: OnnxResult[]): void
  reject(error: unknown): void
}

/** How long a closing worker may take to give its memory back before it is ended. */
const CLOSE_TIMEOUT_MS = 3_000

/** Starts its thread with the first call. */
export function createOnnxRunner(options: OnnxRunnerOptions): OnnxRunner {
  const { modelName, maxQueuedItems = 20_000, threads = Math.max(1, availableParallelism() - 1) } = options
  const waiting: Call[] = []
  let inWork: Call | null = null
  let worker: Worker | null = null
  let isReady = false
  let isClosed = false

  const failAll = (error: unknown): void => {
    for (const call of [...(inWork === null ? [] : [inWork]), ...waiting.splice(0)]) call.reject(error)
    inWork = null
  }

  const finishItem = (reply: OnnxReply): void => {
    const call = inWork
    inWork = null
    if (call === null || call.hasLeft) return
    if (reply.kind === 'failed') call.reject(modelFailed(modelName, reply.message))
    if (reply.kind !== 'result') return
    call.results.push(reply.result)
    if (call.results.length === call.items.length) call.resolve(call.results)
    else waiting.push(call)
  }

  const onReply = (reply: OnnxReply): void => {
    if (reply.kind === 'ready') {
      isReady = true
    } else if (!isReady && reply.kind === 'failed') {
      failAll(modelFailed(modelName, reply.message))
    } else {
      finishItem(reply)
    }
    next()
  }

  const start = (): Worker => {
    const workerData: OnnxWorkerData = {
      task: options.task,
      directory: options.directory,
      contextLength: options.contextLength,
      threads,
    }
    const started = new Worker(new URL('./onnx-worker.ts', import.meta.url), { workerData, name: `onnx ${modelName}` })
    started.on('message', onReply)
    started.once('error', (error) => failAll(modelFailed(modelName, error.message, { cause: error })))
    started.once('exit', () => {
      if (worker !== started) return
      worker = null
      isReady = false
      failAll(modelFailed(modelName, 'its thread ended unexpectedly.'))
    })
    return started
  }

  const next = (): void => {
    if (waiting.length === 0 || isClosed) return
    worker ??= start()
    if (!isReady || inWork !== null) return
    inWork = waiting.shift() ?? null
    const item = inWork?.items[inWork.results.length]
    if (item !== undefined) worker.postMessage({ kind: 'item', item } satisfies OnnxRequest)
  }

  return {
    isLoaded: () => isReady,

    async run(items, signal) {
      throwIfCancelled(signal)
      if (items.length === 0) return []
      const queued = waiting.reduce((sum, call) => sum + call.items.length - call.results.length, 0)
      if (isClosed || queued + items.length > maxQueuedItems) throw providerBusy('embedded')
      return new Promise((resolve, reject) => {
        const call: Call = {
          items,
          results: [],
          hasLeft: false,
          resolve(results) {
            signal.removeEventListener('abort', leave)
            resolve(results)
          },
          reject(error) {
            signal.removeEventListener('abort', leave)
            reject(error)
          },
        }
        // The item in work is finished by the thread and its result dropped: nothing can stop the runtime within one text.
        const leave = (): void => {
          const index = waiting.indexOf(call)
          if (index >= 0) waiting.splice(index, 1)
          call.hasLeft = true
          reject(cancellationOf(signal))
        }
        signal.addEventListener('abort', leave, { once: true })
        waiting.push(call)
        next()
      })
    },

    async [Symbol.asyncDispose]() {
      isClosed = true
      failAll(providerBusy('embedded'))
      const closing = worker
      worker = null
      isReady = false
      if (closing === null) return
      const exited = new Promise((resolve) => closing.once('exit', resolve))
      closing.postMessage({ kind: 'close' } satisfies OnnxRequest)
      const timer = setTimeout(() => void closing.terminate(), CLOSE_TIMEOUT_MS)
      await exited
      clearTimeout(timer)
    },
  }
}
