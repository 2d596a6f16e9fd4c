// Plain text to elements. What makes a heading, a list or code in plain text is habit (rules under titles, numbers, marks, indents), so
// the reading is careful: what fits no habit is a paragraph, and no character of the text is lost but rules under titles.

import { least } from '../extent.ts'
import type { ExtractedDocument, ExtractedElement } from '../element.ts'
import {
  isCapitals,
  isDeliberateBreak,
  isRule,
  isTable,
  listMarkWidth,
  sectionDepth,
  underlineMark,
} from './classify.ts'
import { markContentsLists } from './contents-list.ts'
import { readStanzas, type PlainText, type SourceLine, type Stanza } from './stanzas.ts'

const MAXIMUM_TITLE_CHARACTERS = 120
/** In points: what a printer would make of a line, so that places on a page compare with those of other formats. */
const LINE_HEIGHT = 12

interface Reading {
  text: PlainText
  /** Marks of rules under titles, in order of appearance: the first is the outermost level. */
  ruleMarks: string[]
  elements: ExtractedElement[]
}

export function extractPlainText(source: string): ExtractedDocument {
  const text = readStanzas(source)
  const reading: Reading = { text, ruleMarks: [], elements: [] }
  text.stanzas.forEach((stanza, index) => readStanza(reading, stanza, index))
  const elements = markContentsLists(reading.elements)
  return {
    version: 1,
    mediaType: 'text/plain',
    title: elements[0]?.kind === 'heading' ? elements[0].text.replace(/\s+/g, ' ').trim() : null,
    lineEnds: 'wrapped',
    pageCount: text.pageCount,
    pagesWithoutText: [],
    elements,
  }
}

function readStanza(reading: Reading, stanza: Stanza, index: number): void {
  const lines = readTitles(reading, stanza)
  if (lines.length === 0) return
  if (isTable(lines)) return push(reading, stanza, { kind: 'table', text: dedent(lines) })
  const [first] = lines
  if (lines.length === 1 && first && isTitleAlone(reading, first, index)) {
    return push(reading, stanza, {
      kind: 'heading',
      text: first.text.trim(),
      level: sectionDepth(first.text) ?? (index === 0 ? 1 : 2),
    })
  }
  if (first && lines.length > 1 && first.indent < lines[1]!.indent && first.indent === 0 && isCapitals(first.text)) {
    push(reading, stanza, { kind: 'heading', text: first.text.trim(), level: 2 })
    return readBody(reading, stanza, lines.slice(1))
  }
  readBody(reading, stanza, lines)
}

/** Takes titles with a rule under them (and over them) from the stanza and returns the lines that are left. */
function readTitles(reading: Reading, stanza: Stanza): SourceLine[] {
  const rest: SourceLine[] = []
  const { lines } = stanza
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index]!
    const next = lines[index + 1]
    const isOverlined =
      next !== undefined && isRule(line) && underlineMark(lines[index + 2], next) !== null && rest.length === 0
    const title = isOverlined ? next : line
    const mark = isRule(title) ? null : underlineMark(lines[index + (isOverlined ? 2 : 1)], title)
    // A title stands on its own: text right above the rule's line would be a table or a quoted mail.
    if (mark === null || rest.length > 0) {
      rest.push(line)
      continue
    }
    const style = isOverlined ? `${mark}${mark}` : mark
    if (!reading.ruleMarks.includes(style)) reading.ruleMarks.push(style)
    push(reading, stanza, {
      kind: 'heading',
      text: title.text.trim(),
      level: Math.min(6, reading.ruleMarks.indexOf(style) + 1),
    })
    index += isOverlined ? 2 : 1
  }
  return rest.filter((line) => !isRule(line) || lines.length > 2)
}

function isTitleAlone(reading: Reading, line: SourceLine, index: number): boolean {
  const text = line.text.trim()
  if (text.length > MAXIMUM_TITLE_CHARACTERS || !/\p{L}/u.test(text)) return false
  if (index === 0) return !/[.,;:]$/.test(text) && listMarkWidth(line) === null
  const { bodyIndent } = reading.text
  const depth = sectionDepth(text)
  if (/^(?:chapter|appendix|part)\s+(?:\d+|[A-Z]|[ivxlc]+)\b/i.test(text) && !/[.,;:]$/.test(text)) return true
  // "1. text" on its own may be an item of a list; a section's number stands further left than the text, or has two parts.
  if (depth !== null && !/[.,;:]$/.test(text)) return depth > 1 || line.indent < bodyIndent
  if (isCapitals(text)) return true
  return (
    bodyIndent > 0 &&
    line.indent === 0 &&
    text.length <= 60 &&
    /^\p{Lu}/u.test(text) &&
    !/[.,;:)]$/.test(text) &&
    /^[\p{L}\p{N}'’,/ -]+$/u.test(text)
  )
}

function readBody(reading: Reading, stanza: Stanza, lines: readonly SourceLine[]): void {
  const { wrapColumn, bodyIndent } = reading.text
  if (wrapColumn === null) return readUnwrapped(reading, stanza, lines)
  if (lines.every((line) => line.indent > bodyIndent + 1) && isCode(reading, lines))
    return pushCode(reading, stanza, lines)
  for (const part of partsOfStanza(lines, wrapColumn)) {
    const [first] = part.lines
    if (part.kind === 'paragraph' && isPreformatted(part.lines, wrapColumn, bodyIndent)) {
      pushCode(reading, stanza, part.lines)
    } else {
      const level = part.kind === 'list-item' ? { level: Math.floor(Math.max(0, first!.indent - bodyIndent) / 2) } : {}
      push(reading, stanza, { kind: part.kind, text: part.lines.map((line) => line.text.trim()).join('\n'), ...level })
    }
  }
}

/** Every line a paragraph; indented runs are code. */
function readUnwrapped(reading: Reading, stanza: Stanza, lines: readonly SourceLine[]): void {
  if (
    lines.length > 1 &&
    lines.every((line) => line.indent >= reading.text.bodyIndent + 2 && listMarkWidth(line) === null)
  ) {
    return pushCode(reading, stanza, lines)
  }
  for (const line of lines)
    push(reading, stanza, { kind: listMarkWidth(line) === null ? 'paragraph' : 'list-item', text: line.text.trim() })
}

interface Part {
  kind: 'paragraph' | 'list-item'
  lines: SourceLine[]
}

/** Items of a list, a term and its definition, paragraphs with an indented first line: what follows each other without a blank line. */
function partsOfStanza(lines: readonly SourceLine[], wrapColumn: number): Part[] {
  const parts: Part[] = []
  for (const line of lines) {
    const part = parts.at(-1)
    const previous = part?.lines.at(-1)
    const isItem = listMarkWidth(line) !== null
    if (!part || !previous) {
      parts.push({ kind: isItem ? 'list-item' : 'paragraph', lines: [line] })
      continue
    }
    const isEnded = isDeliberateBreak(previous, line, wrapColumn)
    const startsItem =
      isItem &&
      (part.kind === 'list-item'
        ? line.indent <= part.lines[0]!.indent || isEnded
        : isEnded || line.indent !== previous.indent)
    const startsDefinition =
      part.kind === 'paragraph' && part.lines.length === 1 && line.indent > previous.indent && isEnded
    const startsParagraph =
      part.lines.length > 1 && line.indent > previous.indent + 1 && (isEnded || /[.!?:]$/.test(previous.text))
    if (startsItem || startsDefinition || startsParagraph)
      parts.push({ kind: isItem ? 'list-item' : 'paragraph', lines: [line] })
    else part.lines.push(line)
  }
  return parts
}

/** Lines that were not filled to the width keep their ends: code, addresses, verse. */
function isPreformatted(lines: readonly SourceLine[], wrapColumn: number, bodyIndent: number): boolean {
  if (lines.length > 1) return isMostlyBroken(lines, wrapColumn)
  const [line] = lines
  return line!.indent > bodyIndent + 1 && /^\s*(?:[$#>%]\s|[\w.-]+(?:\s*=|[({])|[./~]\S*\/|<)/.test(line!.text)
}

/** An indented stanza whose lines end where the author ended them and hold what sentences do not. */
function isCode({ text, elements }: Reading, lines: readonly SourceLine[]): boolean {
  if (lines.some((line) => listMarkWidth(line) !== null && !/^\s*#/.test(line.text))) return false
  const symbols = lines.filter((line) => /[{}$=<>|\\]|\w\(|;$|^\s*[#%]|\s--?\w/.test(line.text)).length
  // A line on its own behind code goes on with it, unless it is a sentence.
  if (lines.length === 1) return elements.at(-1)?.kind === 'code' && !/[.:!?]$/.test(lines[0]!.text)
  return isMostlyBroken(lines, text.wrapColumn ?? 0) && symbols >= lines.length / 3
}

function isMostlyBroken(lines: readonly SourceLine[], wrapColumn: number): boolean {
  const breaks = lines
    .slice(0, -1)
    .filter((line, index) => isDeliberateBreak(line, lines[index + 1]!, wrapColumn)).length
  return breaks > (lines.length - 1) / 2
}

/** Code with blank lines in it comes as several stanzas; it is one piece again. CLEAN takes the common indent away. */
function pushCode(reading: Reading, stanza: Stanza, lines: readonly SourceLine[]): void {
  const text = lines.map((line) => line.text).join('\n')
  const previous = reading.elements.at(-1)
  if (previous?.kind === 'code' && previous.page === (stanza.page ?? undefined)) {
    reading.elements[reading.elements.length - 1] = { ...previous, text: `${previous.text}\n\n${text}` }
  } else push(reading, stanza, { kind: 'code', text })
}

function push(reading: Reading, stanza: Stanza, element: ExtractedElement): void {
  if (element.text.trim() === '') return
  const height = element.text.split('\n').length
  reading.elements.push(
    stanza.page === null
      ? element
      : {
          ...element,
          page: stanza.page,
          box: {
            left: 0,
            top: stanza.lineNumber * LINE_HEIGHT,
            right: element.text.length * (LINE_HEIGHT / 2),
            bottom: (stanza.lineNumber + height) * LINE_HEIGHT,
          },
          fontSize: LINE_HEIGHT,
        },
  )
}

function dedent(lines: readonly SourceLine[]): string {
  const indent = least(lines.map((line) => line.indent))
  return lines.map((line) => line.text.slice(indent)).join('\n')
}
