/**
 * Negation, read clause by clause. A window over words would let "Users may delete files, but must not delete folders"
 * carry both statements and their opposites; here a claim is compared with the clauses that it takes its words from, and
 * word by word: what one text denies, the other must not affirm.
 */
import { sharedTerms } from './claims-binding.ts'
import type { Clause, Statement } from './claims-statement.ts'
import { hasFiniteVerb, hasVerb } from './claims-words.ts'
import type { Word } from './claims-words.ts'

const negators = new Set(
  'not no never none nor neither nobody nothing nowhere cannot hardly unable impossible forbid forbids forbidden forbade prohibit prohibits prohibited disallow disallows disallowed deny denies denied'.split(
    ' ',
  ),
)
/** Negators only before "to": a test that fails denies nothing. */
const negatingVerbs = new Set('fail fails failed refuse refuses refused'.split(' '))
/** Negators only before a gerund: "avoid rebasing", not "avoid problems". */
const avoiding = new Set('avoid avoids avoided'.split(' '))
/** They deny the phrase behind them. */
const exceptions = new Set('without except unless'.split(' '))
/** Left out, they make a statement more general. */
const restrictions = /\b(?:except|apart from|other than)\b/iu
/** They name what a statement is not about; it stays the same statement without them. */
const contrasts = /^(?:instead of|rather than|as opposed to)$/u
/** "Unencrypted" beside "encrypted" is a negation; "until" is none, since nothing is called "til" beside it. */
const negativePrefix = /^(?:un|non-?|in|im|dis|ir|il)(?=\p{L}{4,}$)/u

type Polarity = {
  /** Terms that a negator bears on: the verb and what qualifies it, the noun of "no" or "without". */
  negated: ReadonlySet<string>
  affirmed: ReadonlySet<string>
  /** Terms of what the statement is said not to be about: "UTF-8, not Latin-1". */
  contrasted: ReadonlySet<string>
  hasContrast: boolean
  /** Whether a predicate is denied. */
  isNegative: boolean
  /** Whether a word is denied by its prefix: such a clause may answer a denial and an affirmation. */
  hasPrefixed: boolean
}

export function hasNegation(text: string): boolean {
  return (text.toLowerCase().match(/\p{L}+(?:['’]t)?/gu) ?? []).some(
    (word) => isNegator(word) || negatingVerbs.has(word) || exceptions.has(word),
  )
}

/** @param contributing the clauses of the source that the claim takes its words from */
export function turnsNegation(claim: Statement, source: Statement, contributing: readonly Clause[]): boolean {
  const said = polarityOf(claim.clauses, allTerms(source))
  const meant = polarityOf(contributing, allTerms(claim))
  const isContrast = [...meant.contrasted].some((term) => claim.terms.has(term) && !meant.affirmed.has(term))
  if (isContrast && said.contrasted.size === 0) return !said.isNegative
  if (said.isNegative && !meant.isNegative && !meant.hasPrefixed && said.contrasted.size === 0) return true
  if (said.hasContrast && !deniesAnything(contributing)) return true
  if (changesRestriction(claim, source, contributing)) return true
  return denies(said, meant) || denies(meant, said) || turnsClause(claim, source)
}

/** Function words as well: "used" is one, and "unused" denies it. */
function allTerms({ words }: Statement): Set<string> {
  return new Set(words.flatMap((word) => word.terms))
}

function deniesAnything(clauses: readonly Clause[]): boolean {
  return clauses.some(({ words }) =>
    words.some(
      (word) => isNegator(word.lower) || /^(?:instead|rather|opposed|without|except|unless|only)$/u.test(word.lower),
    ),
  )
}

/** "All nodes" for "all nodes except the gateway", and the other way round. */
function changesRestriction(claim: Statement, source: Statement, contributing: readonly Clause[]): boolean {
  const stated = contributing
    .map(({ words }) => source.text.slice(words[0]?.startOffset ?? 0, words.at(-1)?.endOffset ?? 0))
    .join('; ')
  const isAnswered = (text: string): boolean => /\b(?:but|without|only|not?|if|unless|else)\b/iu.test(text)
  if (restrictions.test(stated) === restrictions.test(claim.text)) return false
  return !isAnswered(restrictions.test(stated) ? claim.text : stated)
}

/** A clause is held against the clause that keeps most of its words; what that one denies, it must deny, and only that. */
function turnsClause(claim: Statement, source: Statement): boolean {
  return claim.clauses.some((claimed) => {
    if (!claimed.words.some((word) => word.isContent)) return false
    const own = polarityOf([claimed], allTerms(source))
    if (own.hasPrefixed) return false
    let same = -1
    let opposite = -1
    for (const stated of source.clauses) {
      const other = polarityOf([stated], allTerms(claim))
      const shared = sharedTerms(claimed, claim, stated, source, inheritedBy(stated))
      if (other.isNegative === own.isNegative || other.hasPrefixed) same = Math.max(same, shared)
      else if (bearsOn(own.isNegative ? own.negated : other.negated, own.isNegative ? stated : claimed))
        opposite = Math.max(opposite, shared)
    }
    return opposite > same
  })
}

/** A subordinate clause is not the better match for having the subject of its main clause. */
function inheritedBy({ isSubordinate, hasOwnSubject, subject }: Clause): ReadonlySet<string> {
  return isSubordinate && !hasOwnSubject ? subject : new Set()
}

/** Whether something of the clause is within the reach of the other's negator. */
function bearsOn(negated: ReadonlySet<string>, { words }: Clause): boolean {
  return words.some((word) => word.terms.some((term) => negated.has(term)))
}

function denies(left: Polarity, right: Polarity): boolean {
  return [...left.negated].some(
    (term) => !left.affirmed.has(term) && right.affirmed.has(term) && !right.negated.has(term),
  )
}

function isNegator(lower: string): boolean {
  return negators.has(lower) || /\p{L}+n['’]t$/u.test(lower)
}

function polarityOf(clauses: readonly Clause[], otherTerms: ReadonlySet<string>): Polarity {
  const negated = new Set<string>()
  const affirmed = new Set<string>()
  const contrasted = new Set<string>()
  let isNegative = false
  let hasPrefixed = false
  let hasContrast = false
  for (const { words } of clauses) {
    const scopes = scopesIn(words)
    hasContrast ||= scopes.some((scope) => scope.isContrast)
    isNegative ||= scopes.some((scope) => !scope.isContrast && !scope.isException)
    for (const [place, word] of words.entries()) {
      if (isNegator(word.lower)) continue
      const { term, isPrefixed } = withoutPrefix(word, otherTerms)
      if (!word.isContent && !isPrefixed) continue
      hasPrefixed ||= isPrefixed
      const isDenied = scopes.some((scope) => place >= scope.start && place < scope.end)
      // The subject of a denied verb is neither denied nor affirmed.
      const isNoun = word.partOfSpeech === 'noun' || word.partOfSpeech === 'name'
      const isNeutral = isNoun && scopes.some((scope) => place < scope.start && scope.isPredicate)
      // The object of a denied verb is not denied: "does not affect the shell" says nothing against shells.
      const isObject = isNoun && scopes.some((scope) => isObjectIn(words, place, scope))
      if (scopes.some((scope) => scope.isContrast && place >= scope.start && place < scope.end)) contrasted.add(term)
      if (isDenied && isObject) continue
      if (isDenied !== isPrefixed) negated.add(term)
      else if (!isNeutral) affirmed.add(term)
    }
  }
  return { negated, affirmed, contrasted, hasContrast, isNegative, hasPrefixed }
}

function withoutPrefix(word: Word, otherTerms: ReadonlySet<string>): { term: string; isPrefixed: boolean } {
  const root = word.lower.replace(negativePrefix, '')
  if (root === word.lower || otherTerms.has(word.term)) return { term: word.term, isPrefixed: false }
  const stems = [root, root.replace(/ed$/u, ''), root.replace(/e?d$/u, ''), root.replace(/able$/u, '')]
  const term = [...otherTerms].find((other) => stems.some((stemmed) => stemmed.startsWith(other) && other.length >= 4))
  return term === undefined ? { term: word.term, isPrefixed: false } : { term, isPrefixed: true }
}

function isObjectIn(words: readonly Word[], place: number, scope: Scope): boolean {
  const isWithin = place >= scope.start && place < scope.end
  return (
    isWithin && scope.isPredicate && words.slice(scope.start - 1, place).some((word) => word.partOfSpeech === 'verb')
  )
}

type Scope = { start: number; end: number; isContrast: boolean; isException: boolean; isPredicate: boolean }

function scopesIn(words: readonly Word[]): Scope[] {
  return words.flatMap((word, place): Scope[] => {
    const next = words[place + 1]?.lower ?? ''
    const isContrast = contrasts.test(`${word.lower} ${next}`)
    const isException = exceptions.has(word.lower)
    const isVerb =
      (negatingVerbs.has(word.lower) && next === 'to') || (avoiding.has(word.lower) && next.endsWith('ing'))
    if (!isContrast && !isException && !isVerb && !isNegator(word.lower)) return []
    // "No less than 5" is a bound.
    if (
      /^(?:no|not)$/u.test(word.lower) &&
      /^(?:less|more|fewer|later|earlier)$/u.test(next) &&
      words[place + 2]?.lower === 'than'
    )
      return []
    // "Not only … but also" denies nothing.
    if (word.lower === 'not' && next === 'only') return []
    const isSubject = /^(?:no|none|neither|nobody|nothing)$/u.test(word.lower) && !hasVerb(words.slice(0, place))
    const start = place + (isContrast ? 2 : 1)
    const end = isSubject ? words.length : endOfScope(words, start)
    const isContrasting = isContrast || isContrastingNot(words, place)
    // "Offers no features" denies the noun, not the verb.
    const isOfNoun = isException || (word.lower === 'no' && next !== 'longer' && !isSubject)
    const isPredicate = !isContrasting && !isOfNoun && !isSubject
    return [{ start, end, isContrast: isContrasting, isException: isOfNoun, isPredicate }]
  })
}

/** "…, not X", "… (but not X)": a "not" that opens its segment and has no verb to deny. */
function isContrastingNot(words: readonly Word[], place: number): boolean {
  const word = words[place]
  if (word?.lower !== 'not') return false
  const opening = words.slice(0, place).filter((other) => other.segment === word.segment)
  const rest = words.slice(place).filter((other) => other.segment === word.segment)
  return opening.every((other) => /^(?:but|and)$/u.test(other.lower)) && !hasFiniteVerb(rest) && place > 0
}

/** A scope ends at a preposition, a conjunction, a comma, or where the next finite verb begins. */
function endOfScope(words: readonly Word[], start: number): number {
  let hasHead = false
  for (let place = start; place < words.length; place += 1) {
    const word = words[place]
    const before = words[place - 1]
    if (word === undefined || before === undefined) break
    const isLink = (word.lower === 'to' && !hasHead) || /^(?:with|of)$/u.test(word.lower)
    if (/^(?:or|nor)$/u.test(word.lower)) continue
    if (word.partOfSpeech === 'conjunction' || /^(?:and|but|than|that)$/u.test(word.lower)) return place
    if (word.partOfSpeech === 'preposition' && !isLink && hasHead) return place
    const isListed = /^(?:or|nor)$/u.test(before.lower)
    if (word.segment !== before.segment && place > start && !isListed && !isBracketed(words, place)) return place
    if (hasHead && word.partOfSpeech === 'auxiliary') return place
    if (hasHead && word.partOfSpeech === 'verb' && hasVerb(words.slice(start, place))) return place
    hasHead ||= word.isContent
  }
  return words.length
}

/** An abbreviation in brackets goes on with the phrase before it. */
function isBracketed(words: readonly Word[], place: number): boolean {
  return /^\p{Lu}{2,}$/u.test(words[place]?.surface ?? '')
}
