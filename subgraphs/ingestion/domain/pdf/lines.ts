// Pieces of text at positions on a page to lines in reading order. A PDF's own order is kept, because programs write a column or a cell
// to its end; only a page whose order runs across two columns row by row is put in order.

import { greatest, least } from '../extent.ts'

/** A run of characters as the file draws it. Coordinates in points from the page's top left corner, `baseline` downwards. */
export interface TextPiece {
  text: string
  left: number
  width: number
  baseline: number
  fontSize: number
  font: string
  /** Drawn right to left, as in Arabic and Hebrew. */
  isRightToLeft: boolean
}

export interface TextLine {
  text: string
  left: number
  right: number
  baseline: number
  /** Of most of its characters. */
  fontSize: number
  font: string
  /** Characters in each font. */
  fonts: ReadonlyMap<string, number>
}

/** Between words of justified text there is at most about one em; anything wider separates cells, columns or a number from its page. */
const CELL_GAP_EM = 1.8
const WORD_GAP_EM = 0.18

export function linesOfPage(pieces: readonly TextPiece[]): TextLine[] {
  const segments = segmentsOf(pieces)
  const gutter = gutterOf(segments)
  return gutter === null ? mergeRows(segments) : readColumns(segments, gutter)
}

/** Pieces that follow each other on one baseline without a wide gap. */
function segmentsOf(pieces: readonly TextPiece[]): TextLine[] {
  const segments: TextLine[] = []
  let run: TextPiece[] = []
  for (const piece of pieces) {
    if (piece.text.trim() === '') continue
    if (run.length > 0 && !continuesRun(run, piece)) {
      segments.push(segmentOf(run))
      run = []
    }
    run.push(piece)
  }
  if (run.length > 0) segments.push(segmentOf(run))
  return segments
}

function continuesRun(run: readonly TextPiece[], piece: TextPiece): boolean {
  const previous = run.at(-1)!
  const size = Math.max(piece.fontSize, previous.fontSize)
  if (!isSameRow(previous, piece)) return false
  const gap = piece.isRightToLeft
    ? previous.left - (piece.left + piece.width)
    : piece.left - (previous.left + previous.width)
  return gap < CELL_GAP_EM * size && gap > -0.6 * size
}

/** Raised and lowered small characters (notes, formulas) are still on the row of their neighbours. */
function isSameRow(
  one: { baseline: number; fontSize: number },
  other: { baseline: number; fontSize: number },
): boolean {
  const size = Math.max(one.fontSize, other.fontSize)
  const isSmall = Math.min(one.fontSize, other.fontSize) < 0.85 * size
  return Math.abs(one.baseline - other.baseline) <= (isSmall ? 0.55 : 0.25) * size
}

function segmentOf(run: readonly TextPiece[]): TextLine {
  const isRightToLeft = run.every((piece) => piece.isRightToLeft)
  const main = mainPiece(run)
  let text = ''
  let previous: TextPiece | undefined
  for (const piece of run) {
    if (previous) {
      const gap = isRightToLeft
        ? previous.left - (piece.left + piece.width)
        : piece.left - (previous.left + previous.width)
      const hasSpace = /\s$/.test(text) || /^\s/.test(piece.text)
      if (!hasSpace && gap > WORD_GAP_EM * main.fontSize) text += ' '
    }
    text += isRaised(piece, main) ? raise(piece.text) : piece.text
    previous = piece
  }
  return {
    text: text.trim(),
    left: least(run.map((piece) => piece.left)),
    right: greatest(run.map((piece) => piece.left + piece.width)),
    baseline: main.baseline,
    fontSize: main.fontSize,
    font: main.font,
    fonts: countFonts(run.map((piece) => new Map([[piece.font, piece.text.trim().length]]))),
  }
}

function countFonts(parts: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const part of parts) for (const [font, count] of part) counts.set(font, (counts.get(font) ?? 0) + count)
  return counts
}

/** The piece that stands for the line: of the font and size most characters have. */
function mainPiece(run: readonly TextPiece[]): TextPiece {
  const counts = new Map<string, { piece: TextPiece; count: number }>()
  for (const piece of run) {
    const key = `${piece.font} ${piece.fontSize.toFixed(1)}`
    const entry = counts.get(key) ?? { piece, count: 0 }
    entry.count += piece.text.trim().length
    counts.set(key, entry)
  }
  return [...counts.values()].reduce((best, entry) => (entry.count > best.count ? entry : best)).piece
}

function isRaised(piece: TextPiece, main: TextPiece): boolean {
  return (
    /^\s*\d{1,3}\s*$/.test(piece.text) &&
    piece.fontSize < 0.85 * main.fontSize &&
    main.baseline - piece.baseline > 0.12 * main.fontSize
  )
}

/** The number of a note keeps its raised digits: "depends³" is not "depends3", and a sentence still ends before it. */
function raise(digits: string): string {
  return digits.trim().replace(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]!)
}

function mergeRows(segments: readonly TextLine[]): TextLine[] {
  const lines: TextLine[] = []
  for (const segment of segments) {
    const previous = lines.at(-1)
    if (previous && isSameRow(previous, segment) && segment.left > previous.right) {
      const main = segment.text.length > previous.text.length ? segment : previous
      lines[lines.length - 1] = {
        ...main,
        text: `${previous.text}\t${segment.text}`,
        left: previous.left,
        right: segment.right,
        fonts: countFonts([previous.fonts, segment.fonts]),
      }
    } else {
      lines.push(segment)
    }
  }
  return lines
}

/** Fewer rows than this with text on both sides of a gap are a table or a header, not columns. */
const MINIMUM_COLUMN_ROWS = 12

/**
 * The middle of the gap between two columns that the file writes row by row; null for everything else, above all for columns that the
 * file writes one after the other.
 */
function gutterOf(segments: readonly TextLine[]): number | null {
  const pairs: { left: TextLine; right: TextLine }[] = []
  for (let index = 1; index < segments.length; index += 1) {
    const left = segments[index - 1]!
    const right = segments[index]!
    if (isSameRow(left, right) && right.left > left.right) pairs.push({ left, right })
  }
  if (pairs.length < MINIMUM_COLUMN_ROWS || pairs.length * 2 < segments.length * 0.6) return null
  const gapStart = quantile(
    pairs.map((pair) => pair.left.right),
    0.95,
  )
  const gapEnd = quantile(
    pairs.map((pair) => pair.right.left),
    0.05,
  )
  if (gapEnd <= gapStart) return null
  // Columns of prose are filled; cells of a table are not.
  const leftEdge = least(pairs.map((pair) => pair.left.left))
  const filled = pairs.filter((pair) => pair.left.right - pair.left.left > 0.7 * (gapStart - leftEdge)).length
  return filled > pairs.length * 0.6 ? (gapStart + gapEnd) / 2 : null
}

function readColumns(segments: readonly TextLine[], gutter: number): TextLine[] {
  const lines: TextLine[] = []
  let left: TextLine[] = []
  let right: TextLine[] = []
  const flush = () => {
    for (const line of [...left, ...right]) lines.push(line)
    left = []
    right = []
  }
  for (const segment of segments) {
    if (segment.right <= gutter) left.push(segment)
    else if (segment.left >= gutter) right.push(segment)
    else {
      flush()
      lines.push(segment)
    }
  }
  flush()
  return lines
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}
