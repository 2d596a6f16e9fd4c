// The code inside the extraction thread: one document in, its contributions out.
import { parentPort } from 'node:worker_threads'
import { extractContributions, type TextBlock } from '../domain/extract-contributions.ts'
import { compromiseNameType } from './compromise-name-type.ts'
import { createWinkTagText } from './wink-tag-text.ts'

export interface ExtractionRequest {
  text: string
  blocks: TextBlock[]
}

parentPort?.on('message', ({ text, blocks }: ExtractionRequest) => {
  const tagText = createWinkTagText()
  parentPort?.postMessage(extractContributions({ text, blocks, tagText, typeOfName: compromiseNameType }))
})
