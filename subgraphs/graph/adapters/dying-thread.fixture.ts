// A thread that dies over a document: the first time it reads the one whose text is the path of a missing file, which it makes, and always over any other.
import { writeFileSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { ExtractionRequest } from './extraction-thread-entry.ts'

parentPort?.on('message', ({ text }: ExtractionRequest) => {
  try {
    writeFileSync(text, '', { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      parentPort?.postMessage({ entities: [], coMentions: [] })
      return
    }
  }
  process.exit(3)
})
