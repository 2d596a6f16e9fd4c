// Lines of a paragraph to one line. A hyphen at the end of a line is the word's own or the typesetter's; the rest of the document knows
// which: it has the word elsewhere, written together or with the hyphen.

import type { LineEnds } from '../element.ts'

export interface Vocabulary {
  has(word: string): boolean
}

/** All words and hyphenated words that stand inside lines. */
export function vocabularyOf(texts: Iterable<string>): Vocabulary {
  const words = new Set<string>()
  for (const text of texts)
    for (const [word] of text.matchAll(/(?<![\p{L}-])\p{L}+(?:-\p{L}+)*(?![\p{L}-])/gu)) words.add(word.toLowerCase())
  return words
}

/** Halves that only stand with a hyphen, so that joining them would make a word nobody writes. */
const HYPHENATED_PREFIXES = new Set(['self', 'non', 'well', 'half', 'ex', 'all', 'cross', 'quasi'])
/** "pre- and post-installation": the hyphen stands for the part that follows later. */
const AFTER_SUSPENDED_HYPHEN = /^(?:and|or|to|und|oder|bis|et|ou|y|o|e)\b/

export function joinLines(lines: readonly string[], lineEnds: LineEnds, vocabulary: Vocabulary): string {
  let text = ''
  for (const raw of lines) {
    const line = raw.trim()
    if (line === '') continue
    text = text === '' ? line : join(text, line, lineEnds, vocabulary)
  }
  return text
}

function join(before: string, after: string, lineEnds: LineEnds, vocabulary: Vocabulary): string {
  const hyphen = /(\p{L}+)([-\u2010])$/u.exec(before)
  const next = /^\p{L}+/u.exec(after)?.[0]
  if (!hyphen || next === undefined || AFTER_SUSPENDED_HYPHEN.test(after)) return `${before} ${after}`
  const first = hyphen[1]!
  const together = before.slice(0, -1) + after
  const hyphenated = `${before.slice(0, -1)}-${after}`
  if (lineEnds !== 'typeset' && hyphen[2] === '-') return hyphenated
  if (!/^\p{Ll}/u.test(next)) return hyphenated
  if (vocabulary.has(`${first}-${next}`.toLowerCase())) return hyphenated
  if (vocabulary.has((first + next).toLowerCase())) return together
  return HYPHENATED_PREFIXES.has(first.toLowerCase()) ? hyphenated : together
}
