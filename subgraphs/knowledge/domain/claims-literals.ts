/**
 * Small words that decide how much is claimed: "only", quantifiers, how often, must or may. A sentence may leave a
 * strengthening word out, but not put one in; and it may not leave out one that weakens ("most", "usually", "may").
 */
import { sharedCompany, sharedTerms } from './claims-binding.ts'
import type { Clause, Statement } from './claims-statement.ts'
import { isNominal } from './claims-words.ts'
import type { Word } from './claims-words.ts'

type Kind =
  | 'only'
  | 'all'
  | 'both'
  | 'most'
  | 'many'
  | 'some'
  | 'few'
  | 'always'
  | 'usually'
  | 'often'
  | 'sometimes'
  | 'rarely'
  | `every ${string}`

export type Literal = { kind: Kind; word: Word }

const words: Readonly<Record<string, Kind>> = {
  only: 'only',
  solely: 'only',
  exclusively: 'only',
  all: 'all',
  every: 'all',
  each: 'all',
  per: 'all',
  any: 'all',
  everyone: 'all',
  everybody: 'all',
  everything: 'all',
  both: 'both',
  most: 'most',
  mostly: 'most',
  many: 'many',
  numerous: 'many',
  some: 'some',
  several: 'some',
  various: 'some',
  few: 'few',
  always: 'always',
  usually: 'usually',
  normally: 'usually',
  generally: 'usually',
  typically: 'usually',
  commonly: 'usually',
  often: 'often',
  frequently: 'often',
  sometimes: 'sometimes',
  occasionally: 'sometimes',
  rarely: 'rarely',
  seldom: 'rarely',
  hourly: 'every hour',
  daily: 'every day',
  nightly: 'every night',
  weekly: 'every week',
  monthly: 'every month',
  quarterly: 'every quarter',
  yearly: 'every year',
  annual: 'every year',
  annually: 'every year',
}
const phrases: readonly (readonly [RegExp, Kind])[] = [
  [/\bnothing but\b|\bnobody but\b|\bno one but\b|\bno other than\b/giu, 'only'],
  [/\bfor the most part\b|\bin most cases\b/giu, 'usually'],
  [/\bin general\b|\bas a rule\b/giu, 'usually'],
  [/\bfrom time to time\b|\bnow and then\b/giu, 'sometimes'],
  [/\bin all cases\b|\bat all times\b|\bevery time\b/giu, 'always'],
]
const rate =
  /\b(?:per|each|every|(?<=\b(?:once|twice|times)\s)an?)\s+(second|minute|hour|day|night|week|month|quarter|year)\b/giu

/** What of the source carries a claimed word. Whatever is not listed is carried by itself alone. */
const carriers: Partial<Record<Kind, readonly Kind[]>> = {
  always: ['always', 'all'],
  all: ['all', 'always'],
  usually: ['usually', 'often', 'most'],
  often: ['often', 'usually', 'most'],
  most: ['most', 'usually'],
  some: ['some', 'many', 'most', 'few', 'sometimes'],
  sometimes: ['sometimes', 'often', 'some'],
  many: ['many', 'most'],
}
/** Left out of a claim, they make it say more than its source. */
const weakening = new Set<Kind>(['most', 'some', 'few', 'usually', 'often', 'sometimes', 'rarely'])
/** They may be left out, but not be exchanged for a plain statement about one of many. */
const strengthening = new Set<Kind>(['only', 'all', 'both', 'always'])

export function literalsOf({ text, words: all }: Statement): Literal[] {
  const literals: Literal[] = []
  const taken = new Set<Word>()
  const add = (kind: Kind, start: number, end: number): void => {
    const covered = all.filter((word) => word.startOffset < end && word.endOffset > start)
    const word = covered[0]
    if (word === undefined || covered.some((other) => taken.has(other))) return
    for (const other of covered) taken.add(other)
    literals.push({ kind, word })
  }
  for (const match of text.matchAll(rate))
    add(`every ${(match[1] ?? '').toLowerCase()}`, match.index, match.index + match[0].length)
  for (const [pattern, kind] of phrases)
    for (const match of text.matchAll(pattern)) add(kind, match.index, match.index + match[0].length)
  for (const [index, word] of all.entries()) {
    const kind = words[word.lower]
    if (kind === undefined) continue
    const before = all[index - 1]?.lower ?? ''
    const next = all[index + 1]?.lower ?? ''
    // "the most common", "at most", "not any", "if any": no quantity of their own.
    if (
      kind === 'most' &&
      word.lower === 'most' &&
      (/^(?:the|at|a)$/u.test(before) || all[index + 1]?.partOfSpeech === 'adverb')
    )
      continue
    if (word.lower === 'few' && before === 'a') {
      add('some', word.startOffset, word.endOffset)
      continue
    }
    if (word.lower === 'any' && isUnderNegation(all, index)) continue
    if (word.lower === 'per' && /^(?:default|se|cent)$/u.test(next)) continue
    if (word.lower === 'all' && (before === 'at' || before === 'of' || next === 'or')) continue
    add(kind, word.startOffset, word.endOffset)
  }
  return literals
}

/** "Cannot … any" says no more than "no". */
function isUnderNegation(all: readonly Word[], index: number): boolean {
  return all
    .slice(0, index)
    .some(
      (word) =>
        word.clause === all[index]?.clause &&
        /^(?:not|no|without|never|nor|hardly|cannot|\p{L}+n't)$/u.test(word.lower),
    )
}

/** Whether the claim puts in, exchanges or leaves out a word that decides how much is said. */
export function changesExtent(claim: Statement, source: Statement, contributing: readonly Clause[]): boolean {
  const claimed = literalsOf(claim)
  const stated = literalsOf(source)
  const isAdded = claimed.some((literal) => {
    const carrying = carriers[literal.kind] ?? [literal.kind]
    const same = stated.filter((other) => carrying.includes(other.kind))
    return same.length === 0 || isElsewhere(literal, same, claim, source)
  })
  if (isAdded) return true
  const hasWeakening = claimed.some((literal) => weakening.has(literal.kind) || literal.kind === 'many')
  const isDropped = stated.some(
    (literal) =>
      weakening.has(literal.kind) &&
      !hasWeakening &&
      contributing.some((clause) => clause.index === literal.word.clause) &&
      bearsOnClaim(literal, claim, source),
  )
  return isDropped
}

/** The word is in the source, but of a clause that says less of what the claim says than one without the word. */
function isElsewhere(literal: Literal, same: readonly Literal[], claim: Statement, source: Statement): boolean {
  const clause = claim.clauses[literal.word.clause]
  if (clause === undefined) return false
  if (literal.kind.startsWith('every ')) {
    const rivals = literalsOf(source).filter(({ kind }) => kind.startsWith('every ') && kind !== literal.kind)
    const company = ({ word }: Literal): number =>
      sharedCompany(claim, { word: literal.word, words: [literal.word] }, source, { word, words: [word] })
    const here = Math.max(...same.map(company))
    return rivals.some((rival) => company(rival) > here)
  }
  const homes = new Set(same.map((other) => other.word.clause))
  const score = (index: number): number => {
    const other = source.clauses[index]
    return other === undefined ? 0 : sharedTerms(clause, claim, other, source, new Set())
  }
  const here = Math.max(...[...homes].map(score))
  const elsewhere = Math.max(
    -1,
    ...source.clauses.filter((other) => !homes.has(other.index)).map((other) => score(other.index)),
  )
  if (elsewhere > here) return true
  return strengthening.has(literal.kind) && !same.some((other) => hasSameFocus(literal, claim, other, source))
}

/** What the word bears on: the noun phrase it stands before, or, before a verb, all that follows in the clause. */
function focusOf({ word, kind }: Literal, { words: all, clauses }: Statement): Set<string> {
  const focus = new Set<string>()
  const before = all[word.index - 1]
  // "They all have one", "exim and postfix both use it": it bears on the subject before it.
  const isFloating =
    /^(?:all|both|each)$/u.test(word.lower) &&
    before !== undefined &&
    (before.partOfSpeech === 'pronoun' || isNominal(before))
  if (isFloating && before.clause === word.clause) return new Set(clauses[word.clause]?.reach)
  if (kind === 'only' && before?.partOfSpeech === 'noun' && before.segment === word.segment)
    for (const term of before.terms) focus.add(term)
  // "CDBS was the only way": it is CDBS that nothing else equals.
  if (kind === 'only' && before?.lower === 'the')
    for (const term of clauses[word.clause]?.subject ?? []) focus.add(term)
  const behind = new Set<string>()
  let isPredicate = before?.partOfSpeech === 'auxiliary'
  for (const other of all.slice(word.index + 1)) {
    if (other.clause !== word.clause) break
    if (other.partOfSpeech === 'verb' || other.partOfSpeech === 'auxiliary') {
      if (behind.size > 0 && !isPredicate) break
      isPredicate = true
    }
    if (!isPredicate && behind.size > 0 && other.partOfSpeech === 'preposition') break
    if (other.isContent) for (const term of other.terms) behind.add(term)
    if (other.partOfSpeech === 'number') behind.add(other.term)
  }
  return new Set([...focus, ...behind])
}

function hasSameFocus(literal: Literal, claim: Statement, other: Literal, source: Statement): boolean {
  const left = focusOf(literal, claim)
  const right = focusOf(other, source)
  if (left.size === 0 || right.size === 0) return true
  // A focus in other words cannot be compared; one in words that the other text uses elsewhere can.
  const isKnown = [...left].some((term) => source.terms.has(term)) && [...right].some((term) => claim.terms.has(term))
  return !isKnown || [...left].some((term) => right.has(term))
}

/** A weakening word bears on the claim when the claim takes up what it stands before. */
function bearsOnClaim(literal: Literal, claim: Statement, source: Statement): boolean {
  const { word } = literal
  const isAdverb = word.partOfSpeech === 'adverb' && !/^(?:some|most|few|several)$/u.test(word.lower)
  if (!isAdverb) return [...focusOf(literal, source)].some((term) => claim.terms.has(term))
  // "Generally the exception is X, which must …": what is said of X alone is not said generally.
  const next = source.clauses[word.clause + 1]
  const antecedent =
    next !== undefined && /^(?:which|who|whose)$/u.test(next.connector ?? '') ? next.subject : new Set()
  const own = (source.clauses[word.clause]?.words ?? []).filter(
    (other) => other.isContent && other !== word && other.segment === word.segment,
  )
  return own.some((other) => claim.terms.has(other.term) && !antecedent.has(other.term))
}
