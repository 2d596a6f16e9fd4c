// Which of the supported formats a document is in, decided from what is declared, what it is called and what its bytes are. The three
// must agree: bytes that are not what the declaration says are refused with the remedy, never read as something else.

import { DocumentProblem } from './document-problem.ts'
import { SUPPORTED_MEDIA_TYPES, type SupportedMediaType } from './element.ts'

/** Names people and programs use for the supported types. */
const ALIASES: Readonly<Record<string, SupportedMediaType>> = {
  'text/x-markdown': 'text/markdown',
  'text/md': 'text/markdown',
  'application/xhtml+xml': 'text/html',
  'application/x-pdf': 'application/pdf',
}

const EXTENSIONS: Readonly<Record<string, SupportedMediaType>> = {
  txt: 'text/plain',
  text: 'text/plain',
  log: 'text/plain',
  md: 'text/markdown',
  markdown: 'text/markdown',
  mdown: 'text/markdown',
  mkd: 'text/markdown',
  html: 'text/html',
  htm: 'text/html',
  xhtml: 'text/html',
  pdf: 'application/pdf',
}

/** Declarations that say nothing: the name and the bytes decide. */
const UNSPECIFIC = new Set(['', 'application/octet-stream', 'binary/octet-stream', 'application/x-download'])

export type DeclaredMediaType =
  | { kind: 'unspecific' }
  | { kind: 'supported'; mediaType: SupportedMediaType; charset: string | null }
  | { kind: 'unsupported'; mediaType: string }

/** Reads a declared media type such as `text/plain; charset=iso-8859-1`. */
export function parseDeclaredMediaType(declared: string | null): DeclaredMediaType {
  const [essence = '', ...parameters] = (declared ?? '').split(';').map((part) => part.trim())
  const mediaType = essence.toLowerCase()
  if (UNSPECIFIC.has(mediaType)) return { kind: 'unspecific' }
  const supported = SUPPORTED_MEDIA_TYPES.find((type) => type === mediaType) ?? ALIASES[mediaType]
  if (!supported) return { kind: 'unsupported', mediaType }
  const charset = parameters.map((parameter) => /^charset=["']?([^"']+)["']?$/i.exec(parameter)?.[1]).find(Boolean)
  return { kind: 'supported', mediaType: supported, charset: charset ?? null }
}

export function mediaTypeOfName(fileName: string): SupportedMediaType | null {
  const extension = /\.([A-Za-z0-9]+)$/.exec(fileName)?.[1]?.toLowerCase()
  return (extension === undefined ? undefined : EXTENSIONS[extension]) ?? null
}

/** What a file should be by its declaration, else by its name; null when neither says a supported type. */
export function expectedMediaType(declared: string | null, fileName: string): SupportedMediaType | null {
  const parsed = parseDeclaredMediaType(declared)
  return parsed.kind === 'supported' ? parsed.mediaType : mediaTypeOfName(fileName)
}

/** What the bytes themselves say; `binary` carries the name of the format that was recognised, if any. */
export type SniffedContent =
  { kind: 'pdf' } | { kind: 'html' } | { kind: 'text' } | { kind: 'binary'; format: string | null }

export interface MediaTypeEvidence {
  declared: string | null
  fileName: string
  /** What the file name's extension usually stands for, from the registry of media types; null when it is not in there. */
  typeOfExtension: string | null
  content: SniffedContent
}

const SUPPORTED_LIST = 'plain text (.txt), Markdown (.md), HTML (.html) and PDF (.pdf)'

export function unsupportedMediaType(what: string): DocumentProblem {
  return new DocumentProblem('UNSUPPORTED_MEDIA_TYPE', `${what} cannot be ingested. Supported are ${SUPPORTED_LIST}.`)
}

export function decideMediaType(evidence: MediaTypeEvidence): SupportedMediaType {
  const { fileName, content } = evidence
  const declared = parseDeclaredMediaType(evidence.declared)
  if (declared.kind === 'unsupported') throw unsupportedMediaType(`A file of type ${declared.mediaType}`)
  const named = mediaTypeOfName(fileName)
  const expected = expectedMediaType(evidence.declared, fileName)
  if (!expected) return decideUnexpected(evidence)

  const source = declared.kind === 'supported' ? `declared as ${expected}` : `named "${fileName}"`
  const mismatch = (actual: string, remedy: string) =>
    new DocumentProblem('MEDIA_TYPE_MISMATCH', `The file is ${source}, but its bytes are ${actual}. ${remedy}`)
  if (content.kind === 'binary') {
    const actual = content.format === null ? 'no text and no PDF' : content.format
    throw mismatch(actual, `Supported are ${SUPPORTED_LIST}.`)
  }
  if (content.kind === 'pdf') {
    if (expected === 'application/pdf') return expected
    throw mismatch('a PDF', 'Send it as application/pdf with a name that ends in .pdf.')
  }
  if (expected === 'application/pdf') throw mismatch('no PDF', 'Send the real PDF, or declare what the file is.')
  if (content.kind === 'html') {
    if (expected === 'text/html') return expected
    throw mismatch('HTML', 'Send it as text/html with a name that ends in .html.')
  }
  if (expected === 'text/html') throw mismatch('plain text without a single tag', 'Send it as text/plain.')
  // Programs declare text/plain for whatever is text; a name that says Markdown knows better.
  return expected === 'text/plain' && named === 'text/markdown' ? named : expected
}

/** Neither the declaration nor the name stands for a supported type: the bytes decide, unless the name says something else. */
function decideUnexpected(evidence: MediaTypeEvidence): SupportedMediaType {
  const { content, typeOfExtension, fileName } = evidence
  switch (content.kind) {
    case 'binary':
      throw unsupportedMediaType(
        `The file "${fileName}" (${content.format ?? typeOfExtension ?? 'of an unknown binary format'})`,
      )
    case 'pdf':
      return 'application/pdf'
    case 'html':
      return 'text/html'
    case 'text':
      if (typeOfExtension !== null && typeOfExtension !== 'text/plain')
        throw unsupportedMediaType(`The file "${fileName}" (${typeOfExtension})`)
      return 'text/plain'
  }
}
