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

/** Particles within names of people and places: Ludwig van Beethoven, Rio de Janeiro. */
const particles = new Set(['de', 'del', 'della', 'di', 'da', 'du', 'van', 'von', 'der', 'den', 'la', 'le'])

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
    const connecting = connectorLength(words, index)
    const next = words[index + connecting]
    if (connecting > 0 && next && isNameWord(next) && next.isProperNoun) {
      run.push(...words.slice(index, index + connecting))
      index += connecting
    }
  }
}

/** How many words from here on tie the name before to more of it. */
function connectorLength(words: Word[], index: number): number {
  const textAt = (at: number) => (words[at]?.hasSpaceBefore ? words[at].text : '')
  let length = 0
  while (particles.has(textAt(index + length))) length += 1
  if (length > 0) return length
  // The University of Oslo is one name, Byron of Oslo is two: "of" goes on with a name that ends in an ordinary word.
  if (textAt(index) !== 'of' || !words[index - 1]?.isDictionaryWord) return 0
  return textAt(index + 1) === 'the' ? 2 : 1
}

function isNameWord(word: Word): boolean {
  return word.kind === 'capitalized' && (!word.isFunctionWord || isAcronym(word))
}

/** "US" and "WHO" are names, "Us" and "Who" are not. */
function isAcronym(word: Word): boolean {
  return word.isProperNoun && /^\p{Lu}{2,}$/u.test(word.text)
}

/** Says of a place in a sentence whether a capital there proves nothing: its first word, or any word of a title. */
export function isCapitalExpectedAt(words: Word[], isHeading: boolean): (index: number) => boolean {
  const isTitle = isHeading || hasTitleCase(words)
  const first = words.findIndex((word) => word.kind !== 'other')
  return (index) => isTitle || index <= first
}

/** Nearly every word that means something has a capital: a title, a table row, a shouted line. */
function hasTitleCase(words: Word[]): boolean {
  const meaningful = words.filter((word) => word.kind !== 'other' && !word.isFunctionWord)
  const capitalized = meaningful.filter((word) => word.kind === 'capitalized').length
  return capitalized >= 3 && capitalized > meaningful.length * 0.9
}
