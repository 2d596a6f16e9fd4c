// The whole of EXTRACT for one file: what it is, then the parser of its format. Runs in the extraction process; nothing here reads or
// writes anything but its arguments.

import { lookup } from 'mime-types'
import { DocumentProblem } from '../../domain/document-problem.ts'
import type { ExtractedDocument } from '../../domain/element.ts'
import { decideMediaType, expectedMediaType, parseDeclaredMediaType } from '../../domain/media-type.ts'
import { extractPlainText } from '../../domain/plain-text/extract-plain-text.ts'
import { decodeText } from './decode-text.ts'
import { sniffContent } from './sniff-content.ts'

export interface ExtractDocumentOptions {
  bytes: Uint8Array
  /** A label: only its extension is looked at. */
  fileName: string
  /** As declared by the client, with parameters; null when nothing was declared. */
  mediaType: string | null
  /** Called after each page of a format that has pages. */
  onProgress?: (completedPages: number, pageCount: number) => void
}

export async function extractDocument(options: ExtractDocumentOptions): Promise<ExtractedDocument> {
  const { bytes, fileName } = options
  if (bytes.byteLength === 0)
    throw new DocumentProblem(
      'EMPTY_FILE',
      'The file is empty. Check that it was written completely, and send it again.',
    )
  const declared = parseDeclaredMediaType(options.mediaType)
  const isExpectedHtml = expectedMediaType(options.mediaType, fileName) === 'text/html'
  const mediaType = decideMediaType({
    declared: options.mediaType,
    fileName,
    typeOfExtension: lookup(fileName) || null,
    content: await sniffContent(bytes, isExpectedHtml),
  })
  // Parsers are loaded on demand: each document has a process of its own, and needs one of them.
  if (mediaType === 'application/pdf') {
    const { extractPdf } = await import('./extract-pdf.ts')
    return extractPdf(bytes, options.onProgress)
  }
  const charset = declared.kind === 'supported' ? declared.charset : null
  const text = decodeText(bytes, { charset, isHtml: mediaType === 'text/html' })
  if (text.trim() === '')
    throw new DocumentProblem('EMPTY_FILE', 'The file holds nothing but white space. Check that it is the right one.')
  switch (mediaType) {
    case 'text/html': {
      const { extractHtml } = await import('./extract-html.ts')
      return extractHtml(text)
    }
    case 'text/markdown': {
      const { extractMarkdown } = await import('./extract-markdown.ts')
      return extractMarkdown(text)
    }
    case 'text/plain':
      return extractPlainText(text)
  }
}
