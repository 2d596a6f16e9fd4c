// The extraction process: one document in on stdin, one result out on descriptor 3, then the end. Whatever a file does to a parser
// (endless loops, gigabytes, crashes) it does here, where it costs its own item and nothing else.
//
// In: one line of JSON (`ExtractionOrder`), then the bytes to the end of the stream. Out: one line of JSON (`ExtractionReport`), then, for
// a success, the result as JSON; meanwhile, on a descriptor of its own, how far it is. No files are written; the parent may start this process before it has a document.

import { createWriteStream, writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { DocumentProblem } from '../../domain/document-problem.ts'
import type { ExtractedDocument } from '../../domain/element.ts'
import { PROGRESS_DESCRIPTOR, type ExtractionOrder, type ExtractionReport } from './protocol.ts'

const RESULT_DESCRIPTOR = 3

// Parsers that chat must not write into the result, nor fill a pipe nobody drains.
for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) console[method] = () => {}

const { order, bytes } = await readInput()
const guard = new Worker(new URL('./guard-thread.ts', import.meta.url), {
  workerData: {
    maximumMemoryBytes: order.maximumMemoryBytes,
    timeoutMs: order.timeoutMs,
    parentProcessId: process.ppid,
  },
  resourceLimits: { maxOldGenerationSizeMb: 16 },
})
const result = await run()
const output = createWriteStream('', { fd: RESULT_DESCRIPTOR })
output.write(`${JSON.stringify(result.report)}\n`)
output.end(result.payload)
output.on('close', () => void guard.terminate())

async function run(): Promise<{ report: ExtractionReport; payload: string }> {
  try {
    if (order.operation === 'clean') {
      const { cleanDocument } = await import('../../domain/clean/clean-document.ts')
      const content = cleanDocument(JSON.parse(Buffer.from(bytes).toString('utf8')) as ExtractedDocument)
      return {
        report: {
          outcome: 'cleaned',
          title: content.title,
          textLength: content.text.length,
          blockCount: content.blocks.length,
        },
        payload: JSON.stringify(content),
      }
    }
    const { extractDocument } = await import('./extract-document.ts')
    const { fileName, mediaType: declared } = order
    const document = await extractDocument({ bytes, fileName, mediaType: declared, onProgress: tellProgress })
    const { mediaType, pageCount, pagesWithoutText, elements } = document
    return {
      report: { outcome: 'extracted', mediaType, pageCount, pagesWithoutText, elementCount: elements.length },
      payload: JSON.stringify(document),
    }
  } catch (error) {
    return { report: reportOf(error), payload: '' }
  }
}

/** At once: parsers leave no time for writing later. */
function tellProgress(completedPages: number, pageCount: number): void {
  try {
    writeSync(PROGRESS_DESCRIPTOR, `${completedPages} ${pageCount}\n`)
  } catch {
    // The parent does not keep up, or is gone: the next page tells more, and the guard ends what nobody waits for.
  }
}

function reportOf(error: unknown): ExtractionReport {
  if (error instanceof DocumentProblem) return { outcome: 'refused', code: error.code, message: error.message }
  const isTooDeep = error instanceof RangeError && /call stack/i.test(error.message)
  return {
    outcome: 'refused',
    code: 'EXTRACTION_FAILED',
    message: isTooDeep
      ? 'The document nests its parts too deeply to be read. Simplify it and send it again.'
      : 'The parser of this format failed on the document.',
    detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }
}

async function readInput(): Promise<{ order: ExtractionOrder; bytes: Uint8Array }> {
  const parts: Buffer[] = []
  for await (const part of process.stdin) parts.push(part as Buffer)
  const all = Buffer.concat(parts)
  const lineEnd = all.indexOf('\n')
  return {
    order: JSON.parse(all.subarray(0, lineEnd).toString('utf8')) as ExtractionOrder,
    bytes: all.subarray(lineEnd + 1),
  }
}
