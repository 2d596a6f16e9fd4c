/**
 * Whether a fact stands in the source with the words that the claim gives it to. Its company is the clause around it with
 * the clause's subject, and nearer still the words between the same commas. A fact is bound elsewhere when some other place
 * of the source, where a rival stands instead of it, keeps the claim's company better: in "Alpha takes 5 minutes and Beta 10"
 * the company of 10 is Beta, so that "Alpha takes 10 minutes" is better at home with the 5. Only such positive evidence
 * counts, so that a paraphrase may move and drop words.
 */
import type { Clause, Statement } from './claims-statement.ts'
import type { Word } from './claims-words.ts'

/** Where a fact stands: its first word, and all words that are the fact itself and no company. */
export type Place = { word: Word; words: readonly Word[] }

/** Weight of company in the same segment, in the segment before the bracket, in the clause, and in the clauses around it. */
const weights = { segment: 3, host: 1, clause: 1, group: 0.5 }

/** How much of the company that a fact has in the claim it has at a place of the source. */
export function sharedCompany(claim: Statement, claimed: Place, source: Statement, stated: Place): number {
  const ignored = new Set([...claimed.words, ...stated.words].flatMap((word) => word.terms))
  const left = companyOf(claim, claimed, ignored)
  const right = companyOf(source, stated, ignored)
  // A clause with one number belongs to it whole; one with several is told apart by commas and conjunctions.
  const near = left.numbers > 1 ? left.segment : new Set([...left.clause, ...left.condition])
  return (
    weights.segment * countShared(near, new Set([...right.segment, ...right.condition])) +
    weights.host * countShared(left.clause, right.host) +
    weights.clause * countShared(left.clause, right.clause) +
    weights.group * countShared(left.group, right.group)
  )
}

/** Whether the claim gives the fact company at all, so that the lack of it in the source means something. */
export function hasCompany(statement: Statement, place: Place): boolean {
  return companyOf(statement, place, new Set(place.words.flatMap((word) => word.terms))).clause.size > 0
}

/** Whether they share a word between the same commas, apart from the subject. */
export function hasOwnCompany(claim: Statement, claimed: Place, source: Statement, stated: Place): boolean {
  const ignored = new Set([...claimed.words, ...stated.words].flatMap((word) => word.terms))
  return countShared(companyOf(claim, claimed, ignored).segment, companyOf(source, stated, ignored).segment) > 0
}

function companyOf(statement: Statement, { word }: Place, ignored: ReadonlySet<string>) {
  const clause = statement.clauses[word.clause]
  const around = statement.clauses.filter((other) => other.group === clause?.group)
  // The subject belongs to the whole clause, to no segment of it more than to the others.
  const isNear = (term: string): boolean => clause === undefined || !clause.subject.has(term)
  // Numbers keep company too: "5 million in 2020 and 7 million in 2021".
  const termsOf = (words: readonly Word[]): string[] =>
    words.filter((other) => other.isContent || other.partOfSpeech === 'number').flatMap((other) => other.terms)
  const inSegment = (segment: number | null): Word[] =>
    statement.words.filter((other) => other.segment === segment && other.clause === word.clause)
  const without = (terms: Iterable<string>): Set<string> => new Set([...terms].filter((term) => !ignored.has(term)))
  return {
    numbers: new Set(clause?.words.filter((other) => other.partOfSpeech === 'number').map((other) => other.segment))
      .size,
    segment: without(termsOf(inSegment(word.segment)).filter(isNear)),
    host: without(word.hostSegment === null ? [] : termsOf(inSegment(word.hostSegment)).filter(isNear)),
    clause: without([...(clause?.terms ?? []), ...termsOf(clause?.words ?? [])]),
    condition: without(conditionsOf(statement, word).flatMap((other) => [...termsOf(other.words)])),
    group: without(around.flatMap((other) => [...other.terms])),
  }
}

/** Clauses that say when or on what condition what stands in the word's segment holds: behind it, or before the whole. */
function conditionsOf(statement: Statement, word: Word): Clause[] {
  const clause = statement.clauses[word.clause]
  const next = statement.clauses[word.clause + 1]
  const previous = statement.clauses[word.clause - 1]
  const isLast = clause?.words.at(-1)?.segment === word.segment
  const conditions: Clause[] = []
  if (isLast && next?.isSubordinate === true && next.group === clause.group) conditions.push(next)
  if (previous?.isSubordinate === true && previous.group === clause?.group && !clause.isSubordinate)
    conditions.push(previous)
  return conditions
}

/** How well a clause of the source keeps what a clause of the claim says, a term left aside. */
export function sharedTerms(
  claimed: Clause,
  claim: Statement,
  stated: Clause,
  source: Statement,
  aside: ReadonlySet<string>,
): number {
  const without = (terms: Iterable<string>): Set<string> => new Set([...terms].filter((term) => !aside.has(term)))
  return (
    weights.clause * countShared(without(claimed.terms), stated.reach) +
    weights.group * countShared(without(aroundOf(claim, claimed)), new Set(aroundOf(source, stated)))
  )
}

function aroundOf(statement: Statement, clause: Clause): string[] {
  return statement.clauses.filter((other) => other.group === clause.group).flatMap((other) => [...other.terms])
}

/**
 * The subject of a clause is a fact as well: in "merging works on branches, while cherry-picking works on commits" nothing
 * supports "merging works on commits". Rivals are main clauses with a subject of their own in which the term is missing.
 */
export function isSubjectElsewhere(term: string, claimed: Clause, claim: Statement, source: Statement): boolean {
  const aside = new Set([term, ...claimed.subject])
  let here = -1
  let elsewhere = -1
  for (const clause of source.clauses) {
    const shared = sharedTerms(claimed, claim, clause, source, aside)
    const isNamedAround = source.clauses.some((other) => areLinked(clause, other) && other.reach.has(term))
    if (isNamedAround) here = Math.max(here, shared)
    else if (!clause.isSubordinate && !mayMean(clause, term, source)) elsewhere = Math.max(elsewhere, shared)
  }
  return here !== -1 && elsewhere > here
}

/** The same clause, or one that hangs on the other. */
function areLinked(left: Clause, right: Clause): boolean {
  return left === right || (left.group === right.group && (left.isSubordinate || right.isSubordinate))
}

/** A pronoun in the clause may stand for what was named before it. */
function mayMean(clause: Clause, term: string, source: Statement): boolean {
  return (
    clause.words.some((word) => /^(?:it|its|they|them|their|this|these|those)$/u.test(word.lower)) &&
    source.clauses.some((other) => other.index < clause.index && other.terms.has(term))
  )
}

function countShared(left: ReadonlySet<string>, right: ReadonlySet<string>): number {
  let count = 0
  for (const term of left) if (right.has(term)) count += 1
  return count
}
