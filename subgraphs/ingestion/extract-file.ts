// What the platform reads in a file, without the platform: prints the document content (or, with --elements, what EXTRACT found) as JSON.
//
//   node subgraphs/ingestion/extract-file.ts [--elements] [--media-type TYPE] FILE

import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { createChildProcessDocumentExtractor } from './adapters/child-process-document-extractor.ts'
import { TributaryError } from '#shared/errors.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { elements: { type: 'boolean', default: false }, 'media-type': { type: 'string' } },
})
const [file] = positionals
if (file === undefined) {
  console.error('Usage: node subgraphs/ingestion/extract-file.ts [--elements] [--media-type TYPE] FILE')
  process.exit(2)
}
const extractor = createChildProcessDocumentExtractor()
const { signal } = new AbortController()
try {
  const { elements } = await extractor.extract({
    content: createReadStream(file),
    fileName: basename(file),
    mediaType: values['media-type'] ?? null,
    signal,
  })
  process.stdout.write(values.elements ? elements : (await extractor.clean({ elements, signal })).content)
} catch (error) {
  if (!(error instanceof TributaryError)) throw error
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = 1
} finally {
  await extractor.close()
}
