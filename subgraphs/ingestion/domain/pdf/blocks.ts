// Lines of a page to elements: where a paragraph ends is read from gaps, indents, sizes and list marks, because a PDF does not say.

import { greatest, least } from '../extent.ts'
import type { ElementKind, ExtractedElement } from '../element.ts'
import type { TextLine } from './lines.ts'

export interface DocumentTypography {
  /** Font size of most of the text, in points. */
  bodyFontSize: number
  bodyFont: string
  /** Usual distance of two lines of a paragraph, by font size (rounded to half points). */
  pitches: ReadonlyMap<number, number>
  /** Fonts whose characters are all of one width, with that width in em. */
  monospacedFonts: ReadonlyMap<string, number>
}

export interface PdfPage {
  number: number
  lines: TextLine[]
}

const LIST_MARK = /^(?:[•◦▪▫‣∙●○■□►➢✓*·–—-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)])(?:\s+\S|$)/
const BULLET = /^[•◦▪▫‣∙●○■□►➢✓*·–—-](?:\s|$)/
/** A line of a table of contents: leading dots, or a wide gap, and a page number. */
const CONTENTS_LINE = /(?:(?:\.\s?){4,}|…\s*)\s*(?:\d+|[ivxlc]+)$/
const CONTENTS_MINIMUM_LINES = 3

interface OpenBlock {
  kind: ElementKind
  lines: TextLine[]
}

export function elementsOfPage(page: PdfPage, typography: DocumentTypography): ExtractedElement[] {
  const rightEdge = Math.max(0, ...page.lines.filter((line) => isBodySize(line, typography)).map((line) => line.right))
  const blocks: OpenBlock[] = []
  const contents = contentsLines(page.lines)
  page.lines.forEach((line, index) => {
    const kind = contents.has(index) ? 'table' : kindOfLine(line, page.lines, index, typography)
    const block = blocks.at(-1)
    if (
      block &&
      block.kind !== 'table' &&
      kind !== 'table' &&
      continuesBlock(block, line, kind, { typography, rightEdge })
    )
      block.lines.push(line)
    else if (
      block &&
      block.kind === 'table' &&
      kind === 'table' &&
      (contents.has(index) || isNear(block.lines.at(-1)!, line, typography, 2))
    )
      block.lines.push(line)
    else blocks.push({ kind, lines: [line] })
  })
  return blocks.map((block) => elementOf(block, page.number, typography))
}

/** Indexes of lines that belong to a table of contents: runs of such lines, with the lines wrapped between them. */
function contentsLines(lines: readonly TextLine[]): Set<number> {
  const found = new Set<number>()
  let run: number[] = []
  const close = () => {
    if (run.length >= CONTENTS_MINIMUM_LINES)
      for (let index = run[0]!; index <= run.at(-1)!; index += 1) found.add(index)
    run = []
  }
  lines.forEach((line, index) => {
    const isEntry = CONTENTS_LINE.test(line.text) || (run.length > 0 && /\t(?:\d+|[ivxlc]+)$/.test(line.text))
    if (isEntry) run.push(index)
    else if (run.length > 0 && index - run.at(-1)! > 1) close()
  })
  close()
  return found
}

function kindOfLine(
  line: TextLine,
  lines: readonly TextLine[],
  index: number,
  typography: DocumentTypography,
): ElementKind {
  const hasCells = (other: TextLine | undefined) =>
    other !== undefined && other.text.includes('\t') && !LIST_MARK.test(other.text)
  const before = lines[index - 1]
  if (isMonospaced(line, typography)) return before && isWrappedFrom(before, line, typography) ? 'paragraph' : 'code'
  const after = lines[index + 1]
  const isRowBeside = (other: TextLine | undefined) => hasCells(other) && isNear(other!, line, typography, 2)
  if (hasCells(line) && (isRowBeside(before) || isRowBeside(after))) return 'table'
  return LIST_MARK.test(line.text) ? 'list-item' : 'paragraph'
}

/** A name of a file or a program may stand in a sentence, even fill a line of it; code has no other font. */
function isMonospaced(line: TextLine, typography: DocumentTypography): boolean {
  let total = 0
  let monospaced = 0
  for (const [font, count] of line.fonts) {
    total += count
    if (typography.monospacedFonts.has(font)) monospaced += count
  }
  return monospaced >= total * 0.95
}

/** The end of a sentence that was full to the margin. */
function isWrappedFrom(before: TextLine, line: TextLine, typography: DocumentTypography): boolean {
  const isInParagraph =
    !isMonospaced(before, typography) &&
    isNear(before, line, typography, 1) &&
    Math.abs(before.left - line.left) < line.fontSize / 2
  return isInParagraph && before.right > line.right && !/[.:!?]$/.test(before.text)
}

function isNear(one: TextLine, other: TextLine, typography: DocumentTypography, lineCount: number): boolean {
  const distance = Math.abs(other.baseline - one.baseline)
  return distance <= lineCount * pitchOf(Math.max(one.fontSize, other.fontSize), typography) * 1.1
}

function continuesBlock(
  block: OpenBlock,
  line: TextLine,
  kind: ElementKind,
  context: { typography: DocumentTypography; rightEdge: number },
): boolean {
  const { typography, rightEdge } = context
  const previous = block.lines.at(-1)!
  const first = block.lines[0]!
  const size = Math.max(line.fontSize, previous.fontSize)
  const distance = line.baseline - previous.baseline
  const isCode = block.kind === 'code'
  if (isCode !== (kind === 'code')) return false
  if (Math.abs(line.fontSize - previous.fontSize) > 0.06 * size) return false
  // Upwards, or beside: another column, cell or box.
  if (distance < 0.3 * size || line.left > previous.right || line.right < previous.left)
    return isCode && distance >= 0.3 * size
  const pitch = pitchOf(size, typography)
  if (distance > (isCode ? 2.4 : 1.32) * pitch) return false
  if (isCode) return true

  const em = size
  const isIndented = line.left - previous.left > 0.7 * em
  const isOutdented = previous.left - line.left > 0.7 * em
  if (BULLET.test(line.text)) return false
  const hasEndedEarly = previous.right < rightEdge - 0.25 * (rightEdge - first.left)
  if (
    kind === 'list-item' &&
    (block.kind === 'list-item'
      ? !isIndented || hasEndedEarly
      : isIndented || hasEndedEarly || /[:;.!?]$/.test(previous.text))
  )
    return false
  if (block.kind === 'list-item') {
    // The text of an item hangs behind its mark: one step to the right after the first line, none later.
    if (block.lines.length === 1) return !isOutdented
    return !isIndented && !isOutdented
  }
  if (isOutdented) return block.lines.length === 1 && line.left >= first.left - 3 * em
  if (isIndented) return false
  return !(hasEndedEarly && /[.:!?]["”’)]?$/.test(previous.text))
}

function pitchOf(fontSize: number, typography: DocumentTypography): number {
  return typography.pitches.get(Math.round(fontSize * 2) / 2) ?? 1.2 * fontSize
}

function isBodySize(line: TextLine, typography: DocumentTypography): boolean {
  return Math.abs(line.fontSize - typography.bodyFontSize) < 0.06 * typography.bodyFontSize
}

function elementOf(block: OpenBlock, page: number, typography: DocumentTypography): ExtractedElement {
  const { lines } = block
  return {
    kind: block.kind,
    text: block.kind === 'code' ? codeText(lines, typography) : lines.map((line) => line.text).join('\n'),
    page,
    box: {
      left: round(least(lines.map((line) => line.left))),
      top: round(least(lines.map((line) => line.baseline - line.fontSize))),
      right: round(greatest(lines.map((line) => line.right))),
      bottom: round(greatest(lines.map((line) => line.baseline))),
    },
    fontSize: round(lines[0]!.fontSize),
  }
}

/** Indents and blank lines of code are drawn as distances; they are turned back into characters. */
function codeText(lines: readonly TextLine[], typography: DocumentTypography): string {
  const left = least(lines.map((line) => line.left))
  const parts: string[] = []
  lines.forEach((line, index) => {
    const previous = lines[index - 1]
    if (previous && line.baseline - previous.baseline > 1.6 * pitchOf(line.fontSize, typography)) parts.push('')
    const characterWidth = (typography.monospacedFonts.get(line.font) ?? 0.6) * line.fontSize
    parts.push(
      ' '.repeat(Math.max(0, Math.round((line.left - left) / characterWidth))) + line.text.replaceAll('\t', '    '),
    )
  })
  return parts.join('\n')
}

const round = (value: number): number => Math.round(value * 10) / 10
