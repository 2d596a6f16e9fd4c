// Documents are read in a process of their own each, which can be killed: by the caller's signal, by the clock, by memory. The process gets
// no environment (no secrets), may read nothing but the program itself, and may write nothing.

import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Readable, Writable } from 'node:stream'
import { TributaryError } from '#shared/errors.ts'
import { cleanDocument } from '../domain/clean/clean-document.ts'
import { DocumentProblem } from '../domain/document-problem.ts'
import type { ExtractedDocument } from '../domain/element.ts'
import type { CleanedDocument, DocumentExtractor, Extraction, ExtractInput } from '../ports/document-extractor.ts'
import { extractionPermissions } from './extraction-permissions.ts'
import {
  GUARD_OUT_OF_MEMORY,
  GUARD_TIMED_OUT,
  PROGRESS_DESCRIPTOR,
  type ExtractionOrder,
  type ExtractionReport,
} from './extraction/protocol.ts'

export interface ChildProcessDocumentExtractorOptions {
  /** Longest time for one document, in milliseconds. Default 120,000. */
  timeoutMs?: number
  /** Most memory one document may take, in bytes (resident, the runtime included). Default 1 GiB. */
  maximumMemoryBytes?: number
  /** Processes at one time; more documents wait for their turn. Default 2. */
  concurrency?: number
}

const ENTRY = fileURLToPath(new URL('./extraction/extract-process.ts', import.meta.url))
const PACKAGE_ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const MAXIMUM_STDERR_BYTES = 16 * 1024
/** About five milliseconds of the event loop. */
const CLEANED_HERE_BYTES = 256 * 1024

export function createChildProcessDocumentExtractor(
  options: ChildProcessDocumentExtractorOptions = {},
): DocumentExtractor {
  const timeoutMs = options.timeoutMs ?? 120_000
  const maximumMemoryBytes = options.maximumMemoryBytes ?? 1024 ** 3
  const concurrency = options.concurrency ?? 2
  const closing = new AbortController()
  const waiting: (() => void)[] = []
  let runningCount = 0

  async function takeTurn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (runningCount < concurrency) {
      runningCount += 1
      return
    }
    await new Promise<void>((resolve, reject) => {
      const start = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        waiting.splice(waiting.indexOf(start), 1)
        reject(cancelled(signal.reason))
      }
      waiting.push(start)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  /** The turn is handed over: `runningCount` stays when somebody waits. */
  function endTurn(): void {
    const next = waiting.shift()
    if (next) next()
    else runningCount -= 1
  }

  async function perform(
    order: OrderWithoutLimits,
    input: ByteSource,
    callerSignal: AbortSignal,
    onProgress?: OnProgress,
  ) {
    const signal = AbortSignal.any([callerSignal, closing.signal])
    try {
      await takeTurn(signal)
    } catch (error) {
      throw error instanceof TributaryError ? error : cancelled(error)
    }
    try {
      return await runProcess({ ...order, timeoutMs, maximumMemoryBytes }, input, signal, onProgress)
    } finally {
      endTurn()
    }
  }

  return {
    async extract({ content, fileName, mediaType, onProgress, signal }): Promise<Extraction> {
      const order = { operation: 'extract', fileName, mediaType } as const
      const { report, payload } = await perform(order, content, signal, onProgress)
      if (report.outcome !== 'extracted') throw refused(report)
      const { outcome: _, ...summary } = report
      return { ...summary, elements: payload }
    },
    async clean({ elements, signal }): Promise<CleanedDocument> {
      const bytes = elements instanceof Uint8Array ? elements : await collect(elements)
      signal.throwIfAborted()
      // Our own linear code on our own data: for most documents starting a process would take longer than the work.
      if (bytes.byteLength <= CLEANED_HERE_BYTES) return cleanHere(bytes)
      const { report, payload } = await perform({ operation: 'clean' }, bytes, signal)
      if (report.outcome !== 'cleaned') throw refused(report)
      const { outcome: _, ...summary } = report
      return { ...summary, content: payload }
    },
    async close() {
      closing.abort()
    },
  }
}

function cleanHere(elements: Uint8Array): CleanedDocument {
  try {
    const content = cleanDocument(JSON.parse(Buffer.from(elements).toString('utf8')) as ExtractedDocument)
    return {
      content: Buffer.from(JSON.stringify(content)),
      title: content.title,
      textLength: content.text.length,
      blockCount: content.blocks.length,
    }
  } catch (error) {
    if (!(error instanceof DocumentProblem)) throw error
    throw refused({ outcome: 'refused', code: error.code, message: error.message })
  }
}

type OnProgress = NonNullable<ExtractInput['onProgress']>
type ByteSource = Uint8Array | AsyncIterable<Uint8Array>
type OrderWithoutLimits = { operation: 'extract'; fileName: string; mediaType: string | null } | { operation: 'clean' }

async function runProcess(
  order: ExtractionOrder,
  input: ByteSource,
  signal: AbortSignal,
  onProgress: OnProgress | undefined,
): Promise<{ report: ExtractionReport; payload: Buffer }> {
  const child = startProcess(order.maximumMemoryBytes)
  let reason: 'cancelled' | 'timed out' | undefined
  const end = (why: 'cancelled' | 'timed out') => {
    reason ??= why
    child.kill('SIGKILL')
  }
  const onAbort = () => end('cancelled')
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  const timer = setTimeout(() => end('timed out'), order.timeoutMs)
  try {
    const ended = endOf(child)
    followProgress(child.stdio[PROGRESS_DESCRIPTOR] as Readable, onProgress)
    const [result, stderr, sendingError] = await Promise.all([
      collect(child.stdio[3] as Readable),
      collect(child.stderr!, MAXIMUM_STDERR_BYTES),
      send(child.stdin!, order, input),
      ended,
    ])
    if (reason === 'cancelled') throw cancelled(signal.reason)
    if (reason === 'timed out' || stderr.includes(GUARD_TIMED_OUT)) throw timedOut(order.timeoutMs)
    // The source failed (a blob that is missing, a disk that is gone): that is the error, not what the process made of half a file.
    if (sendingError) throw sendingError
    return parseResult(result, stderr.toString('utf8'), order)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    child.kill('SIGKILL')
  }
}

function startProcess(maximumMemoryBytes: number): ChildProcess {
  return spawn(
    process.execPath,
    [
      // V8 gives a clear last word when the heap is full; the guard thread watches what is outside the heap.
      `--max-old-space-size=${Math.max(64, Math.floor((maximumMemoryBytes / 1024 ** 2) * 0.8))}`,
      ...extractionPermissions(),
      '--no-warnings',
      ENTRY,
    ],
    { cwd: PACKAGE_ROOT, env: {}, stdio: ['pipe', 'ignore', 'pipe', 'pipe', 'pipe'] },
  )
}

/** Read to its end also when nobody wants to know, so that the process never waits for a reader. */
function followProgress(lines: Readable, onProgress: OnProgress | undefined): void {
  // How the process ended is told by its result.
  lines.on('error', () => {})
  createInterface({ input: lines }).on('line', (line) => {
    const [, completedPages, pageCount] = /^(\d+) (\d+)$/.exec(line) ?? []
    if (pageCount !== undefined) onProgress?.({ completedPages: Number(completedPages), pageCount: Number(pageCount) })
  })
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new TributaryError('EXTRACTION_FAILED', 'The extraction process could not be started.', { cause })),
    )
    child.once('close', () => resolve())
  })
}

async function collect(stream: AsyncIterable<Uint8Array>, maximumBytes = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of stream) {
    size += part.byteLength
    if (size <= maximumBytes) parts.push(part)
  }
  return Buffer.concat(parts)
}

/** Returns the source's failure; that the process stopped reading is told by how the process ended. */
async function send(stdin: Writable, order: ExtractionOrder, input: ByteSource): Promise<Error | null> {
  stdin.on('error', () => {})
  const write = (part: Uint8Array | string) =>
    new Promise<boolean>((resolve) => {
      stdin.write(part, (error) => resolve(!error))
    })
  try {
    await write(`${JSON.stringify(order)}\n`)
    const parts = input instanceof Uint8Array ? [input] : input
    for await (const part of parts) if (!(await write(part))) break
    return null
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  } finally {
    stdin.end()
  }
}

function parseResult(
  result: Buffer,
  stderr: string,
  order: ExtractionOrder,
): { report: ExtractionReport; payload: Buffer } {
  const lineEnd = result.indexOf('\n')
  if (lineEnd !== -1) {
    return {
      report: JSON.parse(result.subarray(0, lineEnd).toString('utf8')) as ExtractionReport,
      payload: result.subarray(lineEnd + 1),
    }
  }
  if (stderr.includes(GUARD_OUT_OF_MEMORY) || /heap out of memory|Array buffer allocation failed/i.test(stderr)) {
    const limit = Math.round(order.maximumMemoryBytes / 1024 ** 2)
    throw new TributaryError(
      'EXTRACTION_OUT_OF_MEMORY',
      `Reading the document took more than ${limit} MiB of memory. Split it into smaller files.`,
    )
  }
  throw new TributaryError(
    'EXTRACTION_FAILED',
    'The extraction process ended unexpectedly. Try again; if it keeps failing, the file is at fault.',
    {
      cause: new Error(stderr),
    },
  )
}

function refused(report: ExtractionReport): TributaryError {
  if (report.outcome !== 'refused')
    return new TributaryError('EXTRACTION_FAILED', 'The extraction process answered another question than was asked.')
  return new TributaryError(report.code, report.message, {
    isRetryable: false,
    cause: report.detail === undefined ? undefined : new Error(report.detail),
  })
}

const timedOut = (timeoutMs: number) =>
  new TributaryError(
    'EXTRACTION_TIMED_OUT',
    `Reading the document took longer than ${timeoutMs / 1000} seconds. Try again when the machine is less busy, or split the file.`,
  )

const cancelled = (cause: unknown) => new TributaryError('CANCELLED', 'The extraction was cancelled.', { cause })
