// A thread beside the parser that ends the process when it takes too much memory (also outside the JavaScript heap, which V8's own limit
// does not see) or too long, or when the parent is gone and nobody would end it.

import { writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { GUARD_OUT_OF_MEMORY, GUARD_TIMED_OUT } from './protocol.ts'

interface GuardOptions {
  maximumMemoryBytes: number
  timeoutMs: number
  parentProcessId: number
}

const STDERR = 2
const INTERVAL_MS = 50
/** The parent's own timer comes first; this one counts when the parent cannot act. */
const GRACE_MS = 1000

const { maximumMemoryBytes, timeoutMs, parentProcessId } = workerData as GuardOptions
const deadline = performance.now() + timeoutMs + GRACE_MS

setInterval(() => {
  if (process.memoryUsage.rss() > maximumMemoryBytes) end(GUARD_OUT_OF_MEMORY)
  if (performance.now() > deadline) end(GUARD_TIMED_OUT)
  if (process.ppid !== parentProcessId) end('')
}, INTERVAL_MS)

function end(lastWords: string): void {
  try {
    writeSync(STDERR, lastWords)
  } finally {
    process.kill(process.pid, 'SIGKILL')
  }
}
