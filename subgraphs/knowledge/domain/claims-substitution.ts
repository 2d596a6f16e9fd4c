/**
 * What was put in the place of what. Claim and source are aligned word by word; where both go on alike before and after,
 * the words between stand for one another. A word that the source does not have, in the place of one that the claim does
 * not have, is another statement unless the two are synonyms. And where two words have changed places, so that each stands
 * where the other stood, the statement is another one too; two such exchanges are one clause moved behind the other.
 */
import { hasPassive } from './claims-roles.ts'
import { areSynonyms } from './claims-synonyms.ts'
import type { Statement } from './claims-statement.ts'
import { unitOf } from './claims-units.ts'
import type { Word } from './claims-words.ts'

/** "The last command" in the place of "all commands". */
const quantifier = /^(?:all|every|each|any|both)$/u

type Replacement = { claimed: readonly Word[]; stated: readonly Word[] }

/** Share of the claim's words that agree, from which on two exchanged words are an exchange and no other wording. */
const enoughAgreement = 0.7
/** Longest replacement, in words of the claim, that is still one word for another; in the source it may be twice as long. */
const longestReplacement = 3

export function substitutes(claim: Statement, source: Statement): boolean {
  const { replacements, agreement } = align(claim.words, source.words)
  const isReplaced = replacements.some(({ claimed, stated }) => {
    const added = contentOf(claimed).filter((word) => !isIn(word, source))
    const dropped = [...contentOf(stated), ...stated.filter((word) => quantifier.test(word.lower))].filter(
      (word) => !isIn(word, claim),
    )
    // "One" is a number where it stands in the place of one.
    const isOne = claimed.some((word) => word.lower === 'one') && stated.some((word) => word.partOfSpeech === 'number')
    return isOne || denies(claimed, stated) || denies(stated, claimed) || (added.length > 0 && dropped.length > 0)
  })
  // The passive exchanges subject and agent, and says the same.
  const isSameVoice = hasPassive(claim) === hasPassive(source)
  const isAlike = agreement >= enoughAgreement
  return isReplaced || (isSameVoice && isAlike && exchangesIn(replacements) % 2 === 1)
}

/** Nouns and adjectives: a verb in the place of another is often the same in other words, and numbers are compared as such. */
function contentOf(words: readonly Word[]): Word[] {
  return words.filter(
    (word) =>
      word.isContent &&
      (/^(?:noun|name|adjective)$/u.test(word.partOfSpeech) ||
        /^(?:every|some|any|no)(?:one|body)$/u.test(word.lower)) &&
      unitOf(word.lower, false) === null &&
      !/^(?:hour|dai|night|week|month|quarter|year)ly$/u.test(word.lower),
  )
}

/** "Unused" for "used". */
function denies(left: readonly Word[], right: readonly Word[]): boolean {
  return left.some((word) =>
    right.some((other) => word.lower === `un${other.lower}` || word.lower === `non-${other.lower}`),
  )
}

function isIn(word: Word, { words }: Statement): boolean {
  return words.some((other) => isSame(word, other) || areSynonyms(word.term, other.term))
}

function isSame(left: Word, right: Word): boolean {
  return left.term === right.term || left.lower === right.lower || left.terms.some((term) => right.terms.includes(term))
}

function exchangesIn(replacements: readonly Replacement[]): number {
  let count = 0
  for (const [index, one] of replacements.entries())
    for (const two of replacements.slice(index + 1)) {
      const isInverse = haveCommon(one.claimed, two.stated) && haveCommon(one.stated, two.claimed)
      if (isInverse) count += 1
    }
  return count
}

function haveCommon(left: readonly Word[], right: readonly Word[]): boolean {
  const telling = (words: readonly Word[]): Word[] =>
    words.filter((word) => word.isContent || word.partOfSpeech === 'number')
  return telling(left).some((word) => telling(right).some((other) => isSame(word, other)))
}

/** Short runs of differing words between words that agree, by the longest common subsequence. */
function align(claimed: readonly Word[], stated: readonly Word[]): { replacements: Replacement[]; agreement: number } {
  const width = stated.length + 1
  const lengths = new Uint16Array((claimed.length + 1) * width)
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0
  const agree = (row: number, column: number): boolean => {
    const left = claimed[row]
    const right = stated[column]
    return left !== undefined && right !== undefined && (left.term === right.term || left.lower === right.lower)
  }
  for (let row = claimed.length - 1; row >= 0; row -= 1)
    for (let column = stated.length - 1; column >= 0; column -= 1)
      lengths[row * width + column] = agree(row, column)
        ? at(row + 1, column + 1) + 1
        : Math.max(at(row + 1, column), at(row, column + 1))
  const replacements: Replacement[] = []
  let row = 0
  let column = 0
  let isAfterMatch = true
  while (row < claimed.length || column < stated.length) {
    if (agree(row, column)) {
      row += 1
      column += 1
      isAfterMatch = true
      continue
    }
    const [firstRow, firstColumn] = [row, column]
    while ((row < claimed.length || column < stated.length) && !agree(row, column)) {
      if (row < claimed.length && (column >= stated.length || at(row + 1, column) >= at(row, column + 1))) row += 1
      else column += 1
    }
    const left = claimed.slice(firstRow, row)
    const right = stated.slice(firstColumn, column)
    const isShort = left.length <= longestReplacement && right.length <= 2 * longestReplacement
    if (isAfterMatch && isShort && left.length > 0 && right.length > 0)
      replacements.push({ claimed: left, stated: right })
    isAfterMatch = false
  }
  return { replacements, agreement: at(0, 0) / Math.max(1, claimed.length) }
}
