/**
 * Things that are named rather than described: capitalised names, paths, options, identifiers, and words that no English
 * dictionary has ("rsync"). A name must stand in the source as it is; nothing paraphrases it.
 */
import { datesOf } from './claims-dates.ts'
import type { Statement } from './claims-statement.ts'
import type { Word } from './claims-words.ts'

export type NameClaim = {
  /** Neighbouring capitalised words are one name: "Alice Stone". */
  words: readonly Word[]
  word: Word
}

export function namesOf(statement: Statement): NameClaim[] {
  const names: NameClaim[] = []
  const dates = datesOf(statement)
  for (const word of statement.words) {
    const isDate = dates.some((date) => word.startOffset < date.endOffset && word.endOffset > date.startOffset)
    if (isDate || !isName(statement, word)) continue
    const last = names.at(-1)
    const before = last?.words.at(-1)
    const isContinued =
      last !== undefined &&
      before?.index === word.index - 1 &&
      isCapitalised(before.surface) &&
      isCapitalised(word.surface) &&
      statement.text.slice(before.endOffset, word.startOffset) === ' '
    if (isContinued) names[names.length - 1] = { words: [...last.words, word], word: last.word }
    else names.push({ words: [word], word })
  }
  return names
}

function isName({ text, words }: Statement, word: Word): boolean {
  if (word.partOfSpeech === 'number' || word.isUnit) return false
  if (word.isLiteral) return true
  if (/^\p{Lu}[\p{Lu}\d]+$/u.test(word.surface)) return true
  const isOpening = !/[\p{L}\p{N}]/u.test(text.slice(0, word.startOffset).replace(/^.*[.!?:]\s/su, ''))
  if (quantifying.test(word.lower)) return false
  // "may" is a verb, "May" within a sentence a month.
  if (word.surface === 'May') return !isOpening
  const canName = /^(?:noun|name|adjective|verb|other)$/u.test(word.partOfSpeech)
  if (isCapitalised(word.surface) && word.isContent && canName)
    return !isOpening || opensWithName(word.surface, words[word.index + 1]?.surface)
  const isThing = word.partOfSpeech === 'noun' || word.partOfSpeech === 'name' || word.partOfSpeech === 'adjective'
  return (word.isUnknown || isCompound(word)) && word.isContent && isThing && !derived.test(word.lower)
}

/** What is put together with a hyphen is a name where it is not made of words of the source. */
function isCompound(word: Word): boolean {
  return /^\p{L}{2,}(?:-\p{L}{2,})+$/u.test(word.lower)
}

/** Capital or not, they name nothing. */
const quantifying = /^(?:several|many|most|some|various|few|all|both|each|every|any|such|certain|other|another|no)$/u
/** Words that a prefix makes of others. */
const derived = /^(?:un|non|re|sub|multi)/u

function isCapitalised(surface: string): boolean {
  return /^\p{Lu}/u.test(surface)
}

/**
 * A sentence opens with a capital either way. "Bob Miller approved", "Debian uses": a second capital, or a bare singular
 * before a verb, is a name (or a subject as decisive as one); "Backups are", "Running it" and "Usually" are not.
 */
function opensWithName(first: string, second: string | undefined): boolean {
  if (second !== undefined && /^\p{Lu}\p{Ll}/u.test(second)) return true
  return (
    !/(?:s|ing|ly|ed|ion|ment|ness|ity)$/u.test(first) &&
    second !== undefined &&
    /(?:[^s]s|ed)$|^(?:is|was|has|had|will|can|must|should|may)$/u.test(second)
  )
}

/** Whether a name stands in a statement, in any of its spellings; a compound also by all of its parts. */
export function isNamedIn(name: Word, statement: Statement): boolean {
  if (statement.words.some((word) => isSameWord(name, word))) return true
  const parts: readonly string[] = isCompound(name) ? (name.lower.match(/\p{L}+/gu) ?? []) : []
  return (
    parts.length > 1 &&
    parts.every((part, index) => statement.words.some((word) => word.lower === part || word.term === name.parts[index]))
  )
}

function isSameWord(name: Word, word: Word): boolean {
  const wanted = plain(name.lower)
  if (plain(word.lower) === wanted || word.term === name.term) return true
  // "linkgit:git-merge" names git-merge.
  if (word.lower.split(':').includes(wanted)) return true
  const parts: readonly string[] = word.lower.match(/[\p{L}\p{N}]+/gu) ?? []
  if (parts.includes(wanted)) return true
  return name.isUnknown && isAbbreviation(name.lower, word.lower)
}

/** "config" and "configuration", "repo" and "repository", either way round. */
function isAbbreviation(left: string, right: string): boolean {
  const [short, long] = left.length < right.length ? [left, right] : [right, left]
  return short.length >= 4 && long.length - short.length >= 4 && /^\p{L}+$/u.test(long) && long.startsWith(short)
}

function plain(lower: string): string {
  return lower.replace(/[/+]$/u, '')
}
