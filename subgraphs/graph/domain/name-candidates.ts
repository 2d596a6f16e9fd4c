// A candidate is a run of capitalised words with at least one proper noun in it. Whether it really is a name is decided
// for the document as a whole (document-names.ts), because one sentence alone cannot tell "Policy" from "policy".
import type { Span } from './entity.ts'
import type { Word } from './words.ts'

export interface NameCandidate {
  /** The words of the name; connecting words ("of the") included. */
  words: Word[]
  /** It opens its sentence or stands in a heading, where every word may have a capital. */
  isCapitalExpected: boolean
}

export interface CandidateSentence extends Span {
  candidates: NameCandidate[]
}

/** Longest name, in words; longer runs are shouted sentences or tables, not names. */
const maximumWordCount = 8

const connectors = new Set(['of', 'de', 'del', 'della', 'di', 'da', 'du', 'van', 'von', 'der', 'den', 'la', 'le'])
const afterOf = new Set(['the'])

/** Candidates of one sentence, in order. `isHeading`: capitals say nothing in it. */
export function findNameCandidates(words: Word[], isHeading: boolean): NameCandidate[] {
  const isCapitalExpected = isCapitalExpectedAt(words, isHeading)
  const candidates: NameCandidate[] = []
  let index = 0
  while (index < words.length) {
    const run = runFrom(words, index)
    if (run.length === 0) {
      index += 1
      continue
    }
    if (run.length <= maximumWordCount && run.some((word) => word.isProperNoun)) {
      candidates.push({ words: run, isCapitalExpected: isCapitalExpected(index) })
    }
    index += run.length
  }
  return candidates
}

function runFrom(words: Word[], start: number): Word[] {
  const run: Word[] = []
  let index = start
  for (;;) {
    const word = words[index]
    if (!word || !isNameWord(word) || (run.length > 0 && !word.hasSpaceBefore)) return run
    run.push(word)
    index += 1
    let connecting = index
    while (words[connecting]?.hasSpaceBefore && isConnector(words, connecting, index)) connecting += 1
    const next = words[connecting]
    if (connecting > index && next && isNameWord(next) && next.isProperNoun) {
      run.push(...words.slice(index, connecting))
      index = connecting
    }
  }
}

function isNameWord(word: Word): boolean {
  return word.kind === 'capitalized' && (!word.isFunctionWord || isAcronym(word))
}

/** "US" and "WHO" are names, "Us" and "Who" are not. */
function isAcronym(word: Word): boolean {
  return word.isProperNoun && /^\p{Lu}{2,}$/u.test(word.text)
}

function isConnector(words: Word[], index: number, first: number): boolean {
  const text = words[index]?.text ?? ''
  return connectors.has(text) || (index > first && words[index - 1]?.text === 'of' && afterOf.has(text))
}

/** Says of a place in a sentence whether a capital there proves nothing: its first word, or any word of a title. */
export function isCapitalExpectedAt(words: Word[], isHeading: boolean): (index: number) => boolean {
  const isTitle = isHeading || hasTitleCase(words)
  const first = words.findIndex((word) => word.kind !== 'other')
  return (index) => isTitle || index <= first
}

/** Most of the longer words have a capital: a title, a table row, a shouted line. */
function hasTitleCase(words: Word[]): boolean {
  const long = words.filter((word) => word.kind !== 'other' && word.text.length >= 4)
  return long.length >= 3 && long.filter((word) => word.kind === 'capitalized').length > long.length * 0.7
}
