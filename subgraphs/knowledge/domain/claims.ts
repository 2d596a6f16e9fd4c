/**
 * The parts of a sentence that must agree literally with its source: numbers, dates and names with the words they stand
 * with, who does what to whom, how much and how surely it is said. Everything else in a sentence may be paraphrased.
 */
import { hasCompany, hasOwnCompany, isSubjectElsewhere, sharedCompany } from './claims-binding.ts'
import { datesOf, isWithinDate } from './claims-dates.ts'
import type { DateClaim } from './claims-dates.ts'
import { changesExtent, literalsOf } from './claims-literals.ts'
import { changesForce, dropsCondition } from './claims-modality.ts'
import { isNamedIn, namesOf } from './claims-names.ts'
import type { NameClaim } from './claims-names.ts'
import { quantitiesOf } from './claims-quantities.ts'
import type { Quantity } from './claims-quantities.ts'
import { isComparable, isSameQuantity } from './claims-same-quantity.ts'
import { exchangesModifier, hasStrangeActor } from './claims-phrases.ts'
import { agentsIn, changesRoles } from './claims-roles.ts'
import type { Clause, Statement } from './claims-statement.ts'
import type { Word } from './claims-words.ts'
import { substitutes } from './claims-substitution.ts'
import { unitOf } from './claims-units.ts'

export type LiteralFault =
  'NUMBER' | 'DATE' | 'NAME' | 'SUBJECT' | 'SUBSTITUTION' | 'ROLE' | 'EXTENT' | 'FORCE' | 'CONDITION'

/** A statement with its literal claims, read once however often it is compared. */
export type ClaimedStatement = {
  statement: Statement
  quantities: readonly Quantity[]
  dates: readonly DateClaim[]
  names: readonly NameClaim[]
}

export function readClaims(statement: Statement): ClaimedStatement {
  return {
    statement,
    quantities: quantitiesOf(statement),
    dates: datesOf(statement),
    names: namesOf(statement),
  }
}

/**
 * @param contributing the clauses of the source that the claim takes its words from
 * @param context heading and title above the source; one name may stand there instead
 * @returns in the order they were tested
 */
export function faultsOf(
  claim: ClaimedStatement,
  source: ClaimedStatement,
  contributing: readonly Clause[],
  context: Statement,
): LiteralFault[] {
  const faults: LiteralFault[] = []
  const isCounted = claim.quantities.every((quantity) => carriesQuantity(quantity, claim, source))
  if (!isCounted || !carriesUnits(claim, source) || reordersQuantities(claim, source)) faults.push('NUMBER')
  if (!claim.dates.every((date) => carriesDate(date, claim, source))) faults.push('DATE')
  if (!carriesNames(claim, source, context)) faults.push('NAME')
  const isOther = exchangesModifier(claim.statement, source.statement, context)
  const actors = new Set(claim.statement.clauses.flatMap((clause) => [...agentsIn(clause, claim.statement)]))
  const isStrange = hasStrangeActor(claim.statement, source.statement, context, actors)
  if (isOther || isStrange || hasForeignSubject(claim.statement, source.statement)) faults.push('SUBJECT')
  if (substitutes(claim.statement, source.statement)) faults.push('SUBSTITUTION')
  if (changesRoles(claim.statement, source.statement)) faults.push('ROLE')
  if (changesExtent(claim.statement, source.statement, contributing)) faults.push('EXTENT')
  const textOf = ({ words }: Clause): string => textBetween(source.statement, words)
  if (changesForce(claim.statement.text, contributing, textOf)) faults.push('FORCE')
  if (dropsCondition(claim.statement, source.statement, contributing)) faults.push('CONDITION')
  return faults
}

function textBetween({ text }: Statement, words: readonly Word[]): string {
  return text.slice(words[0]?.startOffset ?? 0, words.at(-1)?.endOffset ?? 0)
}

/** The number occurs, and no other number of the source is better at home among the words around it. */
function carriesQuantity(quantity: Quantity, claim: ClaimedStatement, source: ClaimedStatement): boolean {
  const same = source.quantities.filter((other) => isSameQuantity(quantity, other))
  if (same.length === 0) return carriesYear(quantity, claim, source)
  const rivals = source.quantities.filter((other) => !same.includes(other) && isComparable(quantity, other))
  if (rivals.some((rival) => isMeant(quantity, rival)) && !same.some((other) => isMeant(quantity, other))) return false
  const company = (other: Quantity): number => sharedCompany(claim.statement, quantity, source.statement, other)
  const here = Math.max(...same.map(company))
  if (rivals.some((rival) => company(rival) > here)) return false
  return here > 0 || source.statement.clauses.length === 1 || !hasCompany(claim.statement, quantity)
}

/** Both number the same thing ("Debian 12") or count the same ("9 architectures"). */
function isMeant(claim: Quantity, fact: Quantity): boolean {
  if (claim.label !== null) return claim.label === fact.label
  return [...claim.counted].some((term) => fact.counted.has(term))
}

/**
 * "10 days for high, 5 for medium and 2 for low" against "2, 5 or 10 days": numbers of one clause may change their order
 * only where each brings its own company along.
 */
function reordersQuantities(claim: ClaimedStatement, source: ClaimedStatement): boolean {
  const matched = claim.quantities.flatMap((quantity) => {
    const facts = source.quantities.filter((other) => isSameQuantity(quantity, other))
    return facts.length === 1 && facts[0] !== undefined ? [{ quantity, fact: facts[0] }] : []
  })
  return matched.some((one, index) =>
    matched.slice(index + 1).some((two) => {
      const isSameClause =
        one.quantity.word.clause === two.quantity.word.clause && one.fact.word.clause === two.fact.word.clause
      const isTurned = one.fact.word.index > two.fact.word.index && isComparable(one.quantity, two.quantity)
      const isList =
        areListed(claim.statement, one.quantity, two.quantity) && areListed(source.statement, two.fact, one.fact)
      if (!isSameClause || !isTurned || isList) return false
      return [one, two].some(({ quantity, fact }) => !hasOwnCompany(claim.statement, quantity, source.statement, fact))
    }),
  )
}

/** "0 or 1": nothing but a conjunction between them. */
function areListed({ text }: Statement, left: Quantity, right: Quantity): boolean {
  const end = left.words.at(-1)?.endOffset ?? left.word.endOffset
  return /^,?\s*(?:(?:and|or)\s+)?$/u.test(text.slice(end, right.word.startOffset))
}

/** "A few kilobytes": a unit without a number is a literal claim of its own. */
function carriesUnits(claim: ClaimedStatement, source: ClaimedStatement): boolean {
  const ofNumbers = new Set(claim.quantities.flatMap((quantity) => quantity.words))
  const stated = new Set(source.statement.words.flatMap((word) => unitOf(word.lower, false)?.name ?? []))
  for (const quantity of source.quantities) if (quantity.unit !== null) stated.add(quantity.unit.name)
  const times = new Set<string>(literalsOf(source.statement).map(({ kind }) => kind.replace(/^every /u, '')))
  return claim.statement.words.every((word) => {
    const unit = word.isContent && !ofNumbers.has(word) ? unitOf(word.lower, false) : null
    return unit === null || word.lower.length < 3 || stated.has(unit.name) || times.has(unit.name)
  })
}

/** "2024" alone may be the year of a date. */
function carriesYear(quantity: Quantity, _claim: ClaimedStatement, source: ClaimedStatement): boolean {
  return (
    quantity.unit === null &&
    quantity.counted.size === 0 &&
    source.dates.some((date) => date.year !== null && String(date.year) === quantity.value)
  )
}

function carriesDate(date: DateClaim, claim: ClaimedStatement, source: ClaimedStatement): boolean {
  const claimed = placeOf(claim.statement, date)
  const same = source.dates.filter((other) => isWithinDate(date, other))
  if (same.length === 0) {
    // A year alone may be written as a bare number.
    return (
      date.month === null && source.quantities.some((other) => other.unit === null && other.value === String(date.year))
    )
  }
  if (claimed === null) return true
  const company = (other: DateClaim): number => {
    const stated = placeOf(source.statement, other)
    return stated === null ? 0 : sharedCompany(claim.statement, claimed, source.statement, stated)
  }
  const here = Math.max(...same.map(company))
  const isElsewhere = source.dates.some((other) => !same.includes(other) && company(other) > here)
  if (isElsewhere) return false
  return here > 0 || source.statement.clauses.length === 1 || !hasCompany(claim.statement, claimed)
}

function placeOf({ words }: Statement, span: { startOffset: number; endOffset: number }) {
  const own = words.filter((word) => word.startOffset < span.endOffset && word.endOffset > span.startOffset)
  const word = own[0]
  return word === undefined ? null : { word, words: own }
}

/** Every name occurs, one of them perhaps in the heading above: "It defaults to 5" under "--retries". */
function carriesNames(claim: ClaimedStatement, source: ClaimedStatement, context: Statement): boolean {
  const words = claim.names.flatMap((name) => name.words)
  const missing = words.filter((word) => !isNamedIn(word, source.statement))
  const distinct = new Set(missing.map((word) => word.lower))
  if (distinct.size > 1 || missing.some((word) => !isNamedIn(word, context))) return false
  if (claim.names.some((name) => isPatched(name, source))) return false
  return claim.names.every((name) => {
    const clause = claim.statement.clauses[name.word.clause]
    return clause === undefined || !isSubjectElsewhere(name.word.term, clause, claim.statement, source.statement)
  })
}

/** "Alice Miller" put together from Alice Stone and Bob Miller. */
function isPatched({ words }: NameClaim, source: ClaimedStatement): boolean {
  const isSame = (left: Word, right: Word): boolean => left.term === right.term || left.lower === right.lower
  return words.some((word, index) => {
    const next = words[index + 1]
    if (next === undefined) return false
    const holders = source.names.filter((name) =>
      name.words.some((other) => isSame(other, word) || isSame(other, next)),
    )
    return (
      holders.length > 0 &&
      holders.every(
        (name) =>
          name.words.length > 1 &&
          !(name.words.some((other) => isSame(other, word)) && name.words.some((other) => isSame(other, next))),
      )
    )
  })
}

function hasForeignSubject(claim: Statement, source: Statement): boolean {
  return claim.clauses.some((clause) => {
    const agents = agentsIn(clause, claim)
    return clause.words.some(
      (word) => word.isContent && agents.has(word.term) && isSubjectElsewhere(word.term, clause, claim, source),
    )
  })
}

export type NumberClaim = {
  /** Digits in comparable form. */
  value: string
  /** Unit directly after it, or null. */
  unit: string | null
}

/** The numbers of a text alone, without the words around them. */
export function numberClaims(text: string): NumberClaim[] {
  return [...text.matchAll(/\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:[.:]\d+)*/gu)].map((match) => {
    const after = /^(\s?)(%|\p{L}+)/u.exec(text.slice(match.index + match[0].length))
    return {
      value: match[0].replace(/,/gu, ''),
      unit: after === null ? null : (unitOf(after[2] ?? '', after[1] === '')?.name ?? null),
    }
  })
}
