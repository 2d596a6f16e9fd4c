// Reads documents of any supported format. Both operations are pure functions of their input, so a repeated step gives the same bytes.

import type { SupportedMediaType } from '../domain/element.ts'

export interface ExtractInput {
  /** The file; a stream is read once, to its end. */
  content: Uint8Array | AsyncIterable<Uint8Array>
  /** The client's name for the file: a label, of which only the extension counts. */
  fileName: string
  /** As declared by the client, such as `text/plain; charset=iso-8859-1`; null when nothing was declared. */
  mediaType: string | null
  /** Called as pages are read; never for formats without pages. */
  onProgress?: (progress: { completedPages: number; pageCount: number }) => void
  signal: AbortSignal
}

export interface Extraction {
  /** The elements as JSON (`ExtractedDocument`), for the blob store and for `clean`. */
  elements: Buffer
  mediaType: SupportedMediaType
  pageCount: number | null
  /** Pages on which no text was found, counted from 1. */
  pagesWithoutText: number[]
  elementCount: number
}

export interface CleanInput {
  /** What `extract` returned as `elements`. */
  elements: Uint8Array | AsyncIterable<Uint8Array>
  signal: AbortSignal
}

export interface CleanedDocument {
  /** The document content as JSON (`DocumentContent`). */
  content: Buffer
  title: string | null
  /** UTF-16 code units. */
  textLength: number
  blockCount: number
}

/**
 * Fails with a TributaryError: EMPTY_FILE, UNSUPPORTED_MEDIA_TYPE, MEDIA_TYPE_MISMATCH, ENCODING_INVALID, DOCUMENT_DAMAGED,
 * DOCUMENT_PASSWORD_PROTECTED, DOCUMENT_WITHOUT_TEXT (the caller's file); EXTRACTION_TIMED_OUT, EXTRACTION_OUT_OF_MEMORY,
 * EXTRACTION_FAILED (limits and crashes); CANCELLED when the signal aborts, with the work already ended.
 */
export interface DocumentExtractor {
  extract(input: ExtractInput): Promise<Extraction>
  clean(input: CleanInput): Promise<CleanedDocument>
  /** Ends running work, whose promises fail with CANCELLED. */
  close(): Promise<void>
}
