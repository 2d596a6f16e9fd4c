// CLEAN: extracted elements to the one text of the document. Pure and repeatable: the same elements give the same text, byte for byte.

import { least } from '../extent.ts'
import type { ContentBlock, DocumentContent, PageBreak } from '../document-content.ts'
import { DocumentProblem } from '../document-problem.ts'
import type { ExtractedDocument, ExtractedElement, LineEnds } from '../element.ts'
import { normaliseCharacters } from './characters.ts'
import { joinLines, vocabularyOf, type JoinedLines, type Vocabulary } from './join-lines.ts'
import { joinPages, type JoinedElement } from './join-pages.ts'
import { removePageFurniture } from './page-furniture.ts'

export interface CleanOptions {
  /** Longest text of a document, in UTF-16 code units. Default 50 million: ten times the longest books, and still one JSON blob. */
  maximumTextLength?: number
}

export function cleanDocument(document: ExtractedDocument, options: CleanOptions = {}): DocumentContent {
  const maximumTextLength = options.maximumTextLength ?? 50_000_000
  const normalised = document.elements.map((element) => ({ ...element, text: normaliseCharacters(element.text) }))
  const elements = joinPages(removePageFurniture(normalised))
  const vocabulary = vocabularyOf(elements.map((element) => element.text))

  const parts: string[] = []
  const blocks: ContentBlock[] = []
  let length = 0
  let previous: ContentBlock | undefined
  for (const element of elements) {
    const { text, pageStarts } = cleanText(element, document.lineEnds, vocabulary)
    if (text === '') continue
    if (previous) {
      const separator = previous.kind === 'list-item' && element.kind === 'list-item' ? '\n' : '\n\n'
      parts.push(separator)
      length += separator.length
    }
    const block: ContentBlock = {
      kind: element.kind,
      startOffset: length,
      endOffset: length + text.length,
      ...(element.kind === 'heading' ? { level: Math.min(6, Math.max(1, element.level ?? 1)) } : {}),
      ...(element.page === undefined ? {} : { page: element.page }),
      ...(pageStarts.length === 0 ? {} : { pageBreaks: pageBreaksOf(element, pageStarts, length) }),
    }
    parts.push(text)
    blocks.push(block)
    length += text.length
    previous = block
    if (length > maximumTextLength) {
      throw new DocumentProblem(
        'EXTRACTION_FAILED',
        `The document has more than ${maximumTextLength.toLocaleString('en')} characters of text. Split it into smaller files.`,
      )
    }
  }
  if (blocks.length === 0)
    throw new DocumentProblem('DOCUMENT_WITHOUT_TEXT', 'The document has no text. Check that it is the right file.')
  const title = document.title === null ? '' : normaliseCharacters(document.title).replace(/\s+/g, ' ').trim()
  return {
    version: 1,
    title: title || firstHeading(elements, document.lineEnds, vocabulary),
    text: parts.join(''),
    blocks,
  }
}

function cleanText(element: ExtractedElement, lineEnds: LineEnds, vocabulary: Vocabulary): JoinedLines {
  const lines = element.text.split('\n')
  const whole = (text: string): JoinedLines => ({ text, pageStarts: [] })
  switch (element.kind) {
    case 'code':
      return whole(
        withoutOuterBlankLines(lines.map((line) => line.trimEnd()))
          .join('\n')
          .trim(),
      )
    case 'table':
      return whole(
        nonEmpty(lines.map((line) => cleanRow(line, lineEnds)))
          .join('\n')
          .trim(),
      )
    case 'heading':
    case 'paragraph':
    case 'list-item':
      // In markup a line end is one the author asked for; elsewhere the width of the page did.
      return lineEnds === 'markup'
        ? whole(nonEmpty(lines.map(collapse)).join('\n'))
        : joinLines(lines, lineEnds, vocabulary)
  }
}

const nonEmpty = (lines: readonly string[]): string[] => lines.filter((line) => line !== '')

function pageBreaksOf(element: JoinedElement, pageStarts: readonly number[], blockStart: number): PageBreak[] {
  const firstOfThem = (element.lastPage ?? 0) - pageStarts.length + 1
  return pageStarts.map((start, index) => ({ page: firstOfThem + index, startOffset: blockStart + start }))
}

/** Text that is a table by its alignment keeps it; cells of other formats are separated by one tab. */
function cleanRow(line: string, lineEnds: LineEnds): string {
  if (lineEnds === 'wrapped') return line.trimEnd()
  return line
    .replace(/(?:\.[ \t]?){4,}/g, '\t')
    .split('\t')
    .map((cell) => cell.replace(/ +/g, ' ').trim())
    .filter((cell, index) => cell !== '' || index === 0)
    .join('\t')
    .trim()
}

function withoutOuterBlankLines(lines: readonly string[]): string[] {
  const first = lines.findIndex((line) => line !== '')
  const last = lines.findLastIndex((line) => line !== '')
  const kept = first === -1 ? [] : lines.slice(first, last + 1)
  const indent = least(kept.filter((line) => line !== '').map((line) => /^ */.exec(line)![0].length))
  return kept.map((line) => line.slice(indent))
}

const collapse = (text: string): string => text.replace(/[ \t\n]+/g, ' ').trim()

function firstHeading(
  elements: readonly ExtractedElement[],
  lineEnds: LineEnds,
  vocabulary: Vocabulary,
): string | null {
  const heading = elements.find((element) => element.kind === 'heading')
  return heading ? cleanText(heading, lineEnds, vocabulary).text.replace(/\s+/g, ' ').slice(0, 300) : null
}
