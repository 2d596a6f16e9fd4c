/**
 * Sentences with exact spans, found from the text alone, so that ingestion and answering agree without storing them.
 *
 * Two passes. First the text is cut into units that no sentence crosses: a blank line, a list marker, a table row, a
 * line of code. Then each unit is segmented by `Intl.Segmenter` (Unicode UAX #29) and its false breaks are undone:
 * after an abbreviation (`e.g.`), an initial, a list number, inside brackets, or before a lower-case word. A newline
 * within a unit is a wrapped line, not an end: it is read as a space, which keeps every offset.
 */
import { trimSpan } from './text-span.ts'
import type { TextSpan } from './text-span.ts'

/** Lines that start something of their own: bullets, `1.`, `(a)`, `2)`, definition terms in bold, table rows, headings in Markdown. */
const itemStart = /^\s*(?:[-*+•‣◦–—]\s+\S|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})[.)]\s+\S|\|.*\||#{1,6}\s|>\s)/u
/** Rules under headings and around tables: no words in them. */
const ruleLine = /^\s*[-=~^*_+|:\s]{3,}$/u

/** Words whose full stop does not end a sentence. English, and what technical documents use. */
const abbreviations = new Set(
  'e.g i.e eg ie cf vs viz etc al resp approx ca incl excl no nos nr fig figs sec sect ch chap vol ed eds pp p par art ver rev mr mrs ms dr prof st inc ltd corp co dept est jan feb mar apr jun jul aug sep sept oct nov dec u.s a.k.a aka w.r.t'.split(
    ' ',
  ),
)
/** Of these, the ones that may well close a sentence: a capital after them is a new one. */
const mayEndSentence = new Set('etc al inc ltd corp co no'.split(' '))

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })

/**
 * @param text the whole text; offsets returned are into it
 * @param startOffset,endOffset the part to split (default: all of it)
 */
export function splitSentences(text: string, startOffset = 0, endOffset = text.length): TextSpan[] {
  const sentences: TextSpan[] = []
  for (const unit of splitUnits(text, startOffset, endOffset)) {
    for (const sentence of splitUnit(text, unit)) sentences.push(sentence)
  }
  return sentences
}

/** The ranges that no sentence crosses, trimmed, in order. */
export function splitUnits(text: string, startOffset = 0, endOffset = text.length): TextSpan[] {
  const units: TextSpan[] = []
  let unitStart = startOffset
  let isPreformatted = false
  const close = (end: number): void => {
    const unit = trimSpan(text, unitStart, end)
    if (unit !== null && !ruleLine.test(text.slice(unit.startOffset, unit.endOffset))) units.push(unit)
    unitStart = end
  }
  let previousLine = ''
  for (let lineStart = startOffset; lineStart < endOffset;) {
    const newline = text.indexOf('\n', lineStart)
    const lineEnd = newline === -1 || newline >= endOffset ? endOffset : newline + 1
    const line = text.slice(lineStart, lineEnd)
    const isFence = /^\s*(?:```|~~~)/u.test(line)
    const isBreak =
      line.trim() === '' ||
      isFence ||
      isPreformatted ||
      itemStart.test(line) ||
      ruleLine.test(line) ||
      looksLikeCode(line)
    if (isBreak || looksLikeCode(previousLine) || ruleLine.test(previousLine)) close(lineStart)
    if (isFence) {
      isPreformatted = !isPreformatted
      unitStart = lineEnd
    } else if (line.trim() === '' || ruleLine.test(line)) unitStart = lineEnd
    previousLine = line
    lineStart = lineEnd
  }
  close(endOffset)
  return units
}

/** A shell prompt, an assignment, a statement that ends in `;` or `{`: such lines are not prose to be joined with the next. */
function looksLikeCode(line: string): boolean {
  const trimmed = line.trim()
  return (
    /^(?:[$%#]|>>>)\s+\S/u.test(trimmed) ||
    /^[\w.-]+\s*=\s*\S+$/u.test(trimmed) ||
    /[;{}]$/u.test(trimmed) ||
    trimmed.endsWith('\\') ||
    /^[A-Z][A-Za-z-]+:\s\S+(?:\s\S+){0,3}$/u.test(trimmed)
  )
}

function splitUnit(text: string, unit: TextSpan): TextSpan[] {
  // Same length, so segment indices are offsets: wrapped lines and hard spaces become plain spaces.
  const flat = text.slice(unit.startOffset, unit.endOffset).replace(/\s/gu, ' ')
  const spans: TextSpan[] = []
  let start = 0
  let depth = 0
  for (const { segment, index } of segmenter.segment(flat)) {
    const end = index + segment.length
    depth = bracketDepth(flat, start, end)
    if (end < flat.length && isFalseBreak(flat.slice(start, end), flat.slice(end), depth)) continue
    const span = trimSpan(text, unit.startOffset + start, unit.startOffset + end)
    if (span !== null) spans.push(span)
    start = end
  }
  if (start < flat.length) {
    const span = trimSpan(text, unit.startOffset + start, unit.endOffset)
    if (span !== null) spans.push(span)
  }
  return spans
}

function isFalseBreak(before: string, after: string, depth: number): boolean {
  const head = before.trimEnd()
  const next = after.trimStart()
  // "1." or "(b)" alone is the number of what follows.
  if (/^\(?[\p{L}\d]{1,3}[.)]$/u.test(head)) return true
  // Inside "( … )" of ordinary length a full stop does not end the sentence around it.
  if (depth > 0 && head.length < 600) return true
  if (/^\p{Ll}/u.test(next) && !/^(?:https?|www|ftp)\b/u.test(next))
    return /[.…]$/u.test(head) || !/[!?]["'”’)]*$/u.test(head)
  const lastWord = /([\p{L}][\p{L}.]*)\.$/u.exec(head)?.[1]
  if (lastWord === undefined) return false
  if (/^\p{Lu}$/u.test(lastWord) && /^\p{Lu}/u.test(next)) return true
  const word = lastWord.toLowerCase()
  if (!abbreviations.has(word)) return false
  if (word === 'no') return /^\d/u.test(next)
  return !(mayEndSentence.has(word) && /^\p{Lu}/u.test(next))
}

function bracketDepth(text: string, start: number, end: number): number {
  let depth = 0
  for (let index = start; index < end; index += 1) {
    const character = text.charAt(index)
    if (character === '(' || character === '[') depth += 1
    else if ((character === ')' || character === ']') && depth > 0) depth -= 1
  }
  return depth
}
