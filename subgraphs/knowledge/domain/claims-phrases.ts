/**
 * Noun phrases: a noun with the words that say which one. "The log files" are not "the time stamp files": where a claim
 * puts a word of its own before a noun of the source, and the source has another there, it speaks of something else.
 */
import type { Statement } from './claims-statement.ts'
import type { Word } from './claims-words.ts'

type Phrase = { head: Word; modifiers: readonly Word[] }

/** Words before a noun that pick out no particular one. */
const light = new Set(
  'same different other own certain particular given main whole entire complete actual current new following above corresponding respective specific possible individual single several various many such important useful necessary available'.split(
    ' ',
  ),
)

function phrasesOf({ text, words }: Statement): Phrase[] {
  const phrases: Phrase[] = []
  let run: Word[] = []
  const close = (): void => {
    const head = run.at(-1)
    if (head !== undefined && head.partOfSpeech !== 'adjective') phrases.push({ head, modifiers: run.slice(0, -1) })
    run = []
  }
  for (const word of words) {
    const before = run.at(-1)
    const isNominal = /^(?:noun|name|adjective)$/u.test(word.partOfSpeech)
    const isNext = before === undefined || /^[\s"'`“”‘’]+$/u.test(text.slice(before.endOffset, word.startOffset))
    if (!isNominal || !isNext || word.segment !== before?.segment) close()
    if (isNominal) run.push(word)
  }
  close()
  return phrases
}

/** @param context heading and title above the source, which may say which one is meant */
export function exchangesModifier(claim: Statement, source: Statement, context: Statement): boolean {
  const stated = phrasesOf(source)
  const claimed = phrasesOf(claim)
  return claimed.some(({ head, modifiers }) => {
    const sameHead = stated.filter((phrase) => phrase.head.term === head.term)
    if (sameHead.length === 0) return false
    const isStrange = (word: Word, ...texts: readonly Statement[]): boolean =>
      word.isContent && !light.has(word.lower) && !texts.some((other) => hasAs(word, other))
    if (modifiers.some((word) => isOfAnother(word, head, claimed, stated))) return true
    if (!modifiers.some((word) => isStrange(word, source, context))) return false
    const specified = sameHead.filter((phrase) => phrase.modifiers.some((word) => word.isContent))
    return (
      specified.length > 0 &&
      specified.every((phrase) =>
        phrase.modifiers.some((word) => isStrange(word, claim) || isModifierOfOthers(word, head, claimed, stated)),
      )
    )
  })
}

/** Whether a text has the word; a noun as a noun: "released" does not make a team the release team. */
function hasAs(word: Word, { words }: Statement): boolean {
  return words.some(
    (other) =>
      word.terms.some((term) => other.terms.includes(term)) &&
      (word.partOfSpeech !== 'noun' || other.partOfSpeech !== 'verb'),
  )
}

/** The claim has the word, but only before other nouns, before which the source has it too: "hard drive" for "hard link". */
function isModifierOfOthers(word: Word, head: Word, claimed: readonly Phrase[], stated: readonly Phrase[]): boolean {
  const has = ({ modifiers }: Phrase): boolean => modifiers.some((other) => other.term === word.term)
  const users = claimed.filter((phrase) => has(phrase) || phrase.head.term === word.term)
  return (
    users.length > 0 &&
    users.every(
      (user) =>
        user.head.term !== head.term &&
        has(user) &&
        stated.some((phrase) => phrase.head.term === user.head.term && has(phrase)),
    )
  )
}

/** "The iproute command (of the tc package)" for "the tc command (of the iproute package)". */
function isOfAnother(word: Word, head: Word, claimed: readonly Phrase[], stated: readonly Phrase[]): boolean {
  const has = ({ modifiers }: Phrase, term: string): boolean => modifiers.some((other) => other.term === term)
  const ofHead = stated.filter((phrase) => phrase.head.term === head.term)
  const holders = stated.filter((phrase) => has(phrase, word.term))
  if (ofHead.length === 0 || holders.length === 0 || stated.some((phrase) => phrase.head.term === word.term))
    return false
  if (holders.some((phrase) => phrase.head.term === head.term)) return false
  return ofHead.every((phrase) =>
    phrase.modifiers.some(
      (other) =>
        other.isContent &&
        claimed.some(
          (mine) =>
            mine.head.term !== head.term &&
            has(mine, other.term) &&
            holders.some((holder) => holder.head.term === mine.head.term),
        ),
    ),
  )
}

/** Nouns that stand for another one. */
const standIns =
  /^(?:one|thing|part|person|people|kind|type|way|case|reason|result|number|amount|use|example|maximum|minimum|total|limit|set|list|group|lot|variety|hand|mistake|accident|default|means)s?$/u

/** Whether something acts in the claim that the source does not name: "the user may" for "the administrator may". */
export function hasStrangeActor(
  claim: Statement,
  source: Statement,
  context: Statement,
  actors: ReadonlySet<string>,
): boolean {
  return phrasesOf(claim).some(
    ({ head }) =>
      head.partOfSpeech === 'noun' &&
      actors.has(head.term) &&
      head.isContent &&
      !standIns.test(head.lower) &&
      !source.words.some((word) => word.terms.some((term) => head.terms.includes(term))) &&
      !context.words.some((word) => word.terms.some((term) => head.terms.includes(term))),
  )
}
