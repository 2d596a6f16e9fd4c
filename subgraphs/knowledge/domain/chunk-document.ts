/**
 * Cuts a document into chunks that follow its own structure: a heading starts a new chunk, paragraphs and list items
 * are kept whole where they fit, longer ones are cut between sentences, tables between rows, code between lines, and
 * only a "sentence" without any end is cut between words.
 *
 * Invariants (tested with generated documents): chunks are ordered and do not overlap; together they cover every block
 * that is not a heading; each is a trimmed slice of the text; the same document gives the same chunks.
 *
 * Size: the embedding model reads 256 word pieces, of which the title and headings that are indexed with the chunk
 * (`index-text.ts`) take some. At four to five characters to a piece, 800 characters stay well below. Not tuned: see
 * docs/decisions/2026-11-24-answers-from-evidence.md.
 */
import { isLabel } from './label.ts'
import { splitSentences } from './split-sentences.ts'
import { characterBoundary, trimSpan } from './text-span.ts'
import type { TextSpan } from './text-span.ts'

export type DocumentBlock = TextSpan & {
  kind: 'heading' | 'paragraph' | 'list-item' | 'table' | 'code'
  /** Of a heading: 1 is the outermost. */
  level?: number | undefined
  /** Counted from 1. */
  page?: number | undefined
}

export type DocumentContent = { title: string | null; text: string; blocks: readonly DocumentBlock[] }

export type ChunkDraft = TextSpan & {
  /** Position in the document, from 0. */
  ordinal: number
  /** The page on which the chunk starts, for documents that have pages. */
  page?: number
  /** The headings above it, outermost first. */
  headings: string[]
}

export type ChunkOptions = {
  /** Characters a chunk is filled up to. Default 800. */
  targetLength?: number
  /** Characters a chunk never exceeds. Default 1100. */
  maximumLength?: number
  /** A chunk shorter than this takes the next block even beyond the target. Default 200 characters. */
  minimumLength?: number
}

type Piece = TextSpan & { page: number | undefined; kind: DocumentBlock['kind'] }

export function chunkDocument(content: DocumentContent, options: ChunkOptions = {}): ChunkDraft[] {
  const { targetLength = 800, maximumLength = 1100, minimumLength = 200 } = options
  const chunks: ChunkDraft[] = []
  const path: { level: number; text: string }[] = []
  let pending: Piece[] = []
  let unusedHeading: DocumentBlock | null = null

  const flush = (): void => {
    const first = pending[0]
    const last = pending.at(-1)
    pending = []
    if (first === undefined || last === undefined) return
    const chunk: ChunkDraft = {
      ordinal: chunks.length,
      startOffset: first.startOffset,
      endOffset: last.endOffset,
      headings: path.map((heading) => heading.text),
    }
    if (first.page !== undefined) chunk.page = first.page
    chunks.push(chunk)
  }

  for (const block of content.blocks) {
    const span = trimSpan(content.text, block.startOffset, block.endOffset)
    if (span === null) continue
    if (block.kind === 'heading') {
      flush()
      const level = block.level ?? 1
      while (path.length > 0 && (path.at(-1)?.level ?? 0) >= level) path.pop()
      path.push({ level, text: headingText(content.text, span) })
      unusedHeading = block
      continue
    }
    unusedHeading = null
    for (const piece of cutBlock(content.text, { ...span, page: block.page, kind: block.kind }, maximumLength)) {
      const start = pending[0]?.startOffset
      if (start !== undefined) {
        const currentLength = (pending.at(-1)?.endOffset ?? start) - start
        const joinedLength = piece.endOffset - start
        const isFull = joinedLength > targetLength && currentLength >= minimumLength
        if (joinedLength > maximumLength || isFull) {
          const isAnnounced = pending.length > 1 && announces(content.text, pending.at(-1))
          const announcement = isAnnounced && joinedLength <= maximumLength * 2 ? pending.pop() : undefined
          flush()
          if (announcement !== undefined) {
            if (piece.endOffset - announcement.startOffset <= maximumLength) pending.push(announcement)
            else {
              pending.push(announcement)
              flush()
            }
          }
        }
      }
      pending.push(piece)
    }
  }
  flush()
  // A document that is nothing but headings, or ends in one, would be partly unfindable: give that heading a chunk.
  if (unusedHeading !== null && chunks.length === 0) {
    const span = trimSpan(content.text, unusedHeading.startOffset, unusedHeading.endOffset)
    if (span !== null) chunks.push({ ordinal: 0, ...span, headings: path.slice(0, -1).map((heading) => heading.text) })
  }
  return chunks
}

/** A line such as "The modes are:", or the term above its definition, belongs to what follows. */
function announces(text: string, piece: Piece | undefined): boolean {
  if (piece === undefined || piece.kind === 'table' || piece.kind === 'code') return false
  const line = text.slice(piece.startOffset, piece.endOffset)
  return line.endsWith(':') || (piece.kind === 'paragraph' && isLabel(line))
}

/** Headings are kept as labels: one line, at most 200 characters. */
function headingText(text: string, span: TextSpan): string {
  const line = text.slice(span.startOffset, span.endOffset).replace(/\s+/gu, ' ').trim()
  return line.length <= 200 ? line : line.slice(0, characterBoundary(line, 200))
}

function* cutBlock(text: string, block: Piece, maximumLength: number): Generator<Piece> {
  if (block.endOffset - block.startOffset <= maximumLength) {
    yield block
    return
  }
  const isLineWise = block.kind === 'table' || block.kind === 'code'
  const parts = isLineWise ? splitLines(text, block) : splitSentences(text, block.startOffset, block.endOffset)
  let covered = block.startOffset
  for (const part of parts) {
    // `splitSentences` leaves out rules and fences; they stay between the pieces and need no chunk of their own.
    for (const span of cutToLength(text, Math.max(part.startOffset, covered), part.endOffset, maximumLength)) {
      yield { ...span, page: block.page, kind: block.kind }
      covered = span.endOffset
    }
  }
}

function splitLines(text: string, block: TextSpan): TextSpan[] {
  const lines: TextSpan[] = []
  for (let start = block.startOffset; start < block.endOffset;) {
    const newline = text.indexOf('\n', start)
    const end = newline === -1 || newline >= block.endOffset ? block.endOffset : newline + 1
    const line = trimSpan(text, start, end)
    if (line !== null) lines.push(line)
    start = end
  }
  return lines
}

/** Between words where there are any, between characters where there are none. */
function* cutToLength(
  text: string,
  startOffset: number,
  endOffset: number,
  maximumLength: number,
): Generator<TextSpan> {
  let start = startOffset
  while (endOffset - start > maximumLength) {
    const limit = characterBoundary(text, start + maximumLength)
    const window = text.slice(start, limit)
    const space = Math.max(window.lastIndexOf(' '), window.lastIndexOf('\n'))
    const cut = space > maximumLength / 2 ? start + space : limit
    const span = trimSpan(text, start, cut)
    if (span !== null) yield span
    start = cut
  }
  const rest = trimSpan(text, start, endOffset)
  if (rest !== null) yield rest
}
