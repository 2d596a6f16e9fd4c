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

export interface JoinedLines {
  text: string
  /** Where the lines begin that were marked as the first of a page. */
  pageStarts: number[]
}

/** The longest half of a word that is looked at. */
const LONGEST_PART = 60

/** Put before a line that begins a page. Texts hold no form feeds of their own any more. */
export const PAGE_MARK = '\f'

export function joinLines(lines: readonly string[], lineEnds: LineEnds, vocabulary: Vocabulary): JoinedLines {
  const pageStarts: number[] = []
  // Lines and what comes between them; joined once, because a text that grows line by line would be copied with every look at its end.
  const parts: string[] = []
  let length = 0
  let previous = ''
  for (const raw of lines) {
    const line = raw.replace(/\s+/g, ' ').trim()
    if (line === '') continue
    if (previous !== '') {
      const seam = seamBetween(previous, line, lineEnds, vocabulary)
      if (seam === 'hyphen goes') {
        parts[parts.length - 1] = previous.slice(0, -1)
        length -= 1
      } else if (seam === 'space') {
        parts.push(' ')
        length += 1
      }
    }
    if (raw.startsWith(PAGE_MARK)) pageStarts.push(length)
    parts.push(line)
    length += line.length
    previous = line
  }
  return { text: parts.join(''), pageStarts }
}

function seamBetween(
  before: string,
  after: string,
  lineEnds: LineEnds,
  vocabulary: Vocabulary,
): 'space' | 'hyphen stays' | 'hyphen goes' {
  const hyphen = /(\p{L}+)([-\u2010])$/u.exec(before.slice(-LONGEST_PART))
  const next = /^\p{L}+/u.exec(after)?.[0]
  if (!hyphen || next === undefined || AFTER_SUSPENDED_HYPHEN.test(after)) return 'space'
  const first = hyphen[1]!
  if (lineEnds !== 'typeset' && hyphen[2] === '-') return 'hyphen stays'
  if (!/^\p{Ll}/u.test(next)) return 'hyphen stays'
  if (vocabulary.has(`${first}-${next}`.toLowerCase())) return 'hyphen stays'
  if (vocabulary.has((first + next).toLowerCase())) return 'hyphen goes'
  return HYPHENATED_PREFIXES.has(first.toLowerCase()) ? 'hyphen stays' : 'hyphen goes'
}
