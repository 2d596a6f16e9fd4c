// Decides for the whole document which candidates are names, and of what type. A capital is evidence only where the
// document writes the word otherwise, or where the word is in no dictionary.
import type { CaseStatistics } from './case-statistics.ts'
import type { EntityType, Span } from './entity.ts'
import type { NameCandidate } from './name-candidates.ts'
import { displayName, normalizeName } from './normalize-name.ts'
import type { Word } from './words.ts'

export type NameType = Extract<EntityType, 'PERSON' | 'ORGANIZATION' | 'PLACE' | 'NAME'>
export type TypeOfName = (name: string) => NameType

export interface FoundName extends Span {
  name: string
  normalizedName: string
}

/** Parts of dates; alone they name nothing. */
const calendarWords = new Set(
  (
    'january february march april may june july august september october november december ' +
    'feb mar apr aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday'
  ).split(' '),
)

/** Says of one candidate which part of it is a name, if any. */
export function nameOf(candidate: NameCandidate, statistics: CaseStatistics, typeOfName: TypeOfName): FoundName | null {
  if (typeOfName(joined(candidate.words)) !== 'NAME') return isNotable(candidate.words) ? toName(candidate.words) : null
  const words = candidate.isCapitalExpected ? withoutLooseStart(candidate.words, statistics) : candidate.words
  if (!isNotable(words) || !words.some((word) => word.isProperNoun)) return null
  const needsEvidence = candidate.isCapitalExpected || words.length === 1
  return !needsEvidence || words.some((word) => hasEvidence(word, statistics)) ? toName(words) : null
}

/** The first word of a sentence or title belongs to the name only if it has evidence of its own. */
function withoutLooseStart(words: Word[], statistics: CaseStatistics): Word[] {
  const start = words.findIndex((word) => hasEvidence(word, statistics))
  return start === -1 ? words : words.slice(start)
}

function hasEvidence(word: Word, statistics: CaseStatistics): boolean {
  const lowercase = statistics.lowercaseCount(word.text)
  const capitalized = statistics.capitalizedCount(word.text)
  return word.isDictionaryWord ? capitalized > lowercase : capitalized >= lowercase
}

function isNotable(words: Word[]): boolean {
  const name = joined(words)
  return /\p{L}.?[\p{L}\p{N}]/u.test(name) && !calendarWords.has(name.toLowerCase())
}

function toName(words: Word[]): FoundName {
  const name = displayName(joined(words))
  const startOffset = (words[0] as Word).startOffset
  const endOffset = (words.at(-1) as Word).endOffset - possessiveLength(words)
  return { name, normalizedName: normalizeName(name), startOffset, endOffset }
}

function joined(words: Word[]): string {
  const text = words.map((word) => word.text).join(' ')
  return text.slice(0, text.length - possessiveLength(words))
}

function possessiveLength(words: Word[]): number {
  return /['\u2019]s$/u.test(words.at(-1)?.text ?? '') ? 2 : 0
}
