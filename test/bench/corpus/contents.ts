// The corpus of 20,000 chunks: documents are read by the platform's own extraction and cleaning, one after the other, until there are enough.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { DocumentContent } from '../../../contracts/document-content.ts'
import { extractDocument } from '../../../subgraphs/ingestion/adapters/extraction/extract-document.ts'
import { cleanDocument } from '../../../subgraphs/ingestion/domain/clean/clean-document.ts'
import { chunkDocument } from '../../../subgraphs/knowledge/domain/chunk-document.ts'
import { indexText } from '../../../subgraphs/knowledge/domain/index-text.ts'
import { debianDocuments } from './debian-documents.ts'

export interface CorpusDocument {
  name: string
  sizeBytes: number
  content: DocumentContent
  /** What is embedded and indexed for each chunk. */
  indexTexts: string[]
}

export async function readCorpus(options: { minimumChunks: number }): Promise<CorpusDocument[]> {
  const corpus: CorpusDocument[] = []
  let chunks = 0
  for (const { name, file } of await debianDocuments()) {
    if (chunks >= options.minimumChunks) return corpus
    const bytes = await readFile(file)
    const content = await extractDocument({ bytes, fileName: path.basename(file), mediaType: 'text/html' }).then(
      cleanDocument,
      // A page that only frames others holds no text.
      () => null,
    )
    if (content === null) continue
    const documentTitle = content.title ?? name
    const indexTexts = chunkDocument(content).map(({ headings, startOffset, endOffset }) =>
      indexText({ text: content.text.slice(startOffset, endOffset), headings: headings.slice(0, 6), documentTitle }),
    )
    if (indexTexts.length === 0) continue
    chunks += indexTexts.length
    corpus.push({ name, sizeBytes: bytes.byteLength, content, indexTexts })
  }
  throw new Error(`The documents hold only ${chunks} chunks.`)
}
