// What single lines of plain text look like: marks of lists, rules under titles, numbers before them, borders of tables.

import type { SourceLine } from './stanzas.ts'

/** `* text`, `- text`, `1. text`, `a) text`, `(ii) text`; the mark and what separates it from the text. */
const LIST_MARK = /^\s*(?:[*•◦▪‣·o+-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)])\s+(?=\S)/

export function listMarkWidth(line: SourceLine): number | null {
  return LIST_MARK.exec(line.text)?.[0].length ?? null
}

/** A line of one punctuation mark repeated, as long as the title above it or nearly: the mark, or null. */
export function underlineMark(rule: SourceLine | undefined, title: SourceLine): string | null {
  const match = rule && /^\s*([=\-~^*+#"'`:.<>_])\1{2,}$/.exec(rule.text)
  if (!match) return null
  const ruleLength = rule.text.trim().length
  const titleLength = title.text.trim().length
  return ruleLength >= Math.min(titleLength, 4) &&
    ruleLength <= titleLength * 1.5 + 4 &&
    ruleLength >= titleLength * 0.5 &&
    /[\p{L}\p{N}]/u.test(title.text)
    ? match[1]!
    : null
}

/** A line that only separates: a rule across the page. */
export function isRule(line: SourceLine): boolean {
  return /^\s*([=\-~^*+#_.])(?:\s?\1){4,}\s*$/.test(line.text)
}

/** The components of a section number before a title: "4.5. Copyright" gives 2; null for other lines. */
export function sectionDepth(text: string): number | null {
  const match =
    /^(?:(?:chapter|section|appendix|part)\s+)?((?:\d{1,3}|[A-Z])(?:\.\d{1,3})*)(\.?)\s{1,4}(?=["'“‘(\p{L}\p{N}/])/iu.exec(
      text.trim(),
    )
  if (!match) return null
  const depth = match[1]!.split('.').length
  // "A title" begins with an article, not with the letter of an appendix.
  return depth === 1 && match[2] === '' && !/^(?:chapter|section|appendix|part)\s/i.test(text.trim()) ? null : depth
}

const BORDER = /^\s*[+|├└┌┬┼]?[-=─━┄+|┬┼┴]{3,}/
const BARS = /^\s*\|.*\|\s*$/

/** Tables drawn with bars, borders, or columns between rules of equal signs (as reStructuredText has them). */
export function isTable(lines: readonly SourceLine[]): boolean {
  const drawn = lines.filter(
    (line) => BARS.test(line.text) || (BORDER.test(line.text) && /[+|─┼]/.test(line.text)),
  ).length
  if (drawn >= 2 && drawn >= lines.length * 0.6) return true
  const columnRules = lines.filter(
    (line) => /^\s*={2,}(?:\s+={2,})+$/.test(line.text) || /^\s*-{3,}(?:\s+-{3,})+$/.test(line.text),
  ).length
  return columnRules >= 1 || hasAlignedColumns(lines)
}

/** Three rows or more with a gap of three spaces before a common column. */
function hasAlignedColumns(lines: readonly SourceLine[]): boolean {
  if (lines.length < 3) return false
  const columns = new Map<number, number>()
  for (const line of lines) {
    const starts = new Set<number>()
    for (const match of line.text.matchAll(/\S {3,}(?=\S)/g)) starts.add(match.index + match[0].length)
    for (const start of starts) columns.set(start, (columns.get(start) ?? 0) + 1)
  }
  return Math.max(0, ...columns.values()) >= Math.max(3, lines.length * 0.7)
}

/** Whether the author ended this line though the next word had room on it. */
export function isDeliberateBreak(line: SourceLine, next: SourceLine, wrapColumn: number): boolean {
  const nextWord = /^\s*(\S+)/.exec(next.text)?.[1] ?? ''
  return line.text.length + 1 + nextWord.length < wrapColumn - 6
}

/** "SEE ALSO": a title in capitals, as manual pages have them. */
export function isCapitals(text: string): boolean {
  const trimmed = text.trim()
  return /^[\p{Lu}\p{N}][\p{Lu}\p{N} ,&/'()-]{2,60}$/u.test(trimmed) && (trimmed.match(/\p{Lu}/gu)?.length ?? 0) >= 4
}
