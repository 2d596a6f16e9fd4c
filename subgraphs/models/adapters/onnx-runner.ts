// The main thread's side of ONNX workers. Each worker has one item at a time, because on a CPU batches of texts are slower than the same
// texts one by one (their padding is computed too); calls take turns item by item, so that a search does not wait for a document. Where
// somebody waits for a few items, several workers of one thread each are nearly as many times faster; threads of one computation are not,
// since a short text gives them too little to share.
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
  /** Items computed at the same time, each by a worker with the weights of its own. Default 1. */
  workers?: number
  /** Threads of one computation. Default: one less than the cores, at least one. */
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
  /** Index of the first item that no worker has got. */
  next: number
  completed: number
  hasLeft: boolean
  resolve(results: OnnxResult[]): void
  reject(error: unknown): void
}

interface Seat {
  worker: Worker
  isReady: boolean
  inWork: { call: Call; index: number } | null
}

/** How long a closing worker may take to give its memory back before it is ended. */
const CLOSE_TIMEOUT_MS = 3_000

/** Starts its threads with the first call. */
export function createOnnxRunner(options: OnnxRunnerOptions): OnnxRunner {
  const { modelName, maxQueuedItems = 20_000, workers = 1 } = options
  const threads = options.threads ?? Math.max(1, availableParallelism() - 1)
  /** With items that no worker has got. */
  const waiting: Call[] = []
  const calls = new Set<Call>()
  const seats: Seat[] = []
  let isClosed = false

  const failAll = (error: unknown): void => {
    waiting.length = 0
    for (const call of calls) call.reject(error)
  }

  const finishItem = (seat: Seat, reply: OnnxReply): void => {
    const done = seat.inWork
    seat.inWork = null
    if (done === null || done.call.hasLeft) return
    const { call, index } = done
    if (reply.kind === 'failed') call.reject(modelFailed(modelName, reply.message))
    if (reply.kind !== 'result') return
    call.results[index] = reply.result
    call.completed += 1
    if (call.completed === call.items.length) call.resolve(call.results)
  }

  const onReply = (seat: Seat, reply: OnnxReply): void => {
    if (reply.kind === 'ready') {
      seat.isReady = true
    } else if (!seat.isReady && reply.kind === 'failed') {
      failAll(modelFailed(modelName, reply.message))
    } else {
      finishItem(seat, reply)
    }
    next()
  }

  const start = (): Seat => {
    const workerData: OnnxWorkerData = {
      task: options.task,
      directory: options.directory,
      contextLength: options.contextLength,
      threads,
    }
    const worker = new Worker(new URL('./onnx-worker.ts', import.meta.url), { workerData, name: `onnx ${modelName}` })
    const seat: Seat = { worker, isReady: false, inWork: null }
    worker.on('message', (reply: OnnxReply) => onReply(seat, reply))
    worker.once('error', (error) => failAll(modelFailed(modelName, error.message, { cause: error })))
    worker.once('exit', () => {
      const place = seats.indexOf(seat)
      if (place === -1) return
      seats.splice(place, 1)
      failAll(modelFailed(modelName, 'its thread ended unexpectedly.'))
    })
    return seat
  }

  const next = (): void => {
    if (isClosed) return
    while (waiting.length > 0) {
      while (seats.length < workers) seats.push(start())
      const seat = seats.find(({ isReady, inWork }) => isReady && inWork === null)
      const call = seat === undefined ? undefined : waiting.shift()
      if (seat === undefined || call === undefined) return
      const index = call.next
      call.next += 1
      seat.inWork = { call, index }
      seat.worker.postMessage({ kind: 'item', item: call.items[index]! } satisfies OnnxRequest)
      if (call.next < call.items.length) waiting.push(call)
    }
  }

  return {
    isLoaded: () => seats.some(({ isReady }) => isReady),

    async run(items, signal) {
      throwIfCancelled(signal)
      if (items.length === 0) return []
      const queued = waiting.reduce((sum, call) => sum + call.items.length - call.next, 0)
      if (isClosed || queued + items.length > maxQueuedItems) throw providerBusy('embedded')
      return new Promise((resolve, reject) => {
        const leave = (): void => call.reject(cancellationOf(signal))
        // An item in work is finished by its thread and the result dropped: nothing can stop the runtime within one text.
        const end = (): void => {
          const place = waiting.indexOf(call)
          if (place !== -1) waiting.splice(place, 1)
          call.hasLeft = true
          calls.delete(call)
          signal.removeEventListener('abort', leave)
        }
        const call: Call = {
          items,
          results: [],
          next: 0,
          completed: 0,
          hasLeft: false,
          resolve(results) {
            end()
            resolve(results)
          },
          reject(error) {
            end()
            reject(error)
          },
        }
        signal.addEventListener('abort', leave, { once: true })
        calls.add(call)
        waiting.push(call)
        next()
      })
    },

    async [Symbol.asyncDispose]() {
      isClosed = true
      failAll(providerBusy('embedded'))
      await Promise.all(seats.splice(0).map(({ worker }) => closeWorker(worker)))
    },
  }
}

async function closeWorker(worker: Worker): Promise<void> {
  const exited = new Promise((resolve) => worker.once('exit', resolve))
  worker.postMessage({ kind: 'close' } satisfies OnnxRequest)
  const timer = setTimeout(() => void worker.terminate(), CLOSE_TIMEOUT_MS)
  await exited
  clearTimeout(timer)
}
