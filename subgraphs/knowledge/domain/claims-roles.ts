/**
 * Who does what to whom. Every noun of a clause has a role: subject, object, or the preposition that governs it; in the
 * passive, subject and agent are read as in the active. Two things that have exchanged their roles make another statement
 * of the same words: "Alice manages Bob" and "Bob manages Alice", "from A to B" and "from B to A".
 */
import { contentOf } from './claims-statement.ts'
import { isVerb, predicateStart } from './claims-words.ts'
import type { Clause, Statement } from './claims-statement.ts'
import type { Word } from './claims-words.ts'

type Role = string
type Actor = {
  terms: readonly string[]
  role: Role
  clause: number
  /** Term of the verb of its clause; null where that says nothing by itself. */
  verb: string | null
}

const beForms = new Set('be is are was were been being am get gets got'.split(' '))
const irregularParticiples = new Set(
  'kept sent written read set put built made done given taken shown known found held led left lost met paid run sold told understood won begun broken chosen drawn driven forgotten hidden seen split spent thrown cut let shut hit'.split(
    ' ',
  ),
)
/** "A student named X": X is no object. */
const naming = new Set('named called titled known'.split(' '))
const possessive = /^(?:its|their|your|our|his|her|my|whose)$/u
/** What links clauses in one direction only. */
const directedLinks = new Set('before after until till since because if unless'.split(' '))
/** Prepositions that mean one role. */
const roleOf: Readonly<Record<string, Role>> = {
  into: 'to',
  onto: 'to',
  toward: 'to',
  towards: 'to',
  via: 'by',
  through: 'by',
  without: 'without',
  until: 'until',
  till: 'until',
  upon: 'on',
}
/** Of phrases such as "instead of X": X is what the statement is not about. */
const contrast =
  /\b(?:instead of|rather than|unlike|as opposed to|in contrast to|compared (?:to|with)|than|not)\s+(?:the |an? )?$/iu
/** Roles that are told apart only by where they stand; the others are exchanged only with these or one another. */
const directed = [
  ['from', 'to'],
  ['before', 'after'],
  ['before', 'since'],
  ['above', 'below'],
  ['over', 'under'],
  ['since', 'until'],
] as const

export function changesRoles(claim: Statement, source: Statement): boolean {
  const claimed = actorsOf(claim)
  const stated = actorsOf(source)
  return (
    exchangesRoles(claimed, stated) ||
    exchangesAgents(claimed, stated) ||
    turnsDirection(claimed, stated) ||
    exchangesClauses(claim, source)
  )
}

/** "Stop it before you delete it" and "delete it before you stop it": the same link between exchanged clauses. */
function exchangesClauses(claim: Statement, source: Statement): boolean {
  const links = linksOf(source)
  return linksOf(claim).some((claimed) => {
    const same = links.filter((stated) => stated.connector === claimed.connector)
    return same.length > 0 && same.every((stated) => isCrossed(claimed, stated))
  })
}

type Link = {
  connector: string
  main: ReadonlySet<string>
  dependent: ReadonlySet<string>
  /** Terms that tell one thing from another: subjects, and versions, options or paths with a digit. */
  telling: { main: ReadonlySet<string>; dependent: ReadonlySet<string> }
}

function linksOf({ clauses }: Statement): Link[] {
  return clauses.flatMap((clause): Link[] => {
    if (!clause.isSubordinate || clause.connector === null || !directedLinks.has(clause.connector)) return []
    const main = clauses.filter((other) => other.group === clause.group && !other.isSubordinate)
    if (main.length === 0) return []
    const tellingOf = (part: readonly Clause[]): Set<string> =>
      new Set(
        part.flatMap((one) => [
          ...(one.hasOwnSubject ? one.subject : []),
          ...one.words.filter((word) => word.isLiteral || /\d/u.test(word.term)).map((word) => word.term),
        ]),
      )
    return [
      {
        connector: clause.connector,
        main: new Set(main.flatMap(({ words }) => contentOf(words))),
        dependent: new Set(contentOf(clause.words)),
        telling: { main: tellingOf(main), dependent: tellingOf([clause]) },
      },
    ]
  })
}

function isCrossed(claimed: Link, stated: Link): boolean {
  const shared = (left: ReadonlySet<string>, right: ReadonlySet<string>): number =>
    [...left].filter((term) => right.has(term)).length
  const straight = shared(claimed.main, stated.main) + shared(claimed.dependent, stated.dependent)
  const crossed = shared(claimed.main, stated.dependent) + shared(claimed.dependent, stated.main)
  const crosses = (telling: ReadonlySet<string>, there: ReadonlySet<string>, here: ReadonlySet<string>): boolean =>
    [...telling].some((term) => there.has(term) && !here.has(term))
  return (
    crossed > straight ||
    (crosses(claimed.telling.main, stated.dependent, stated.main) &&
      crosses(claimed.telling.dependent, stated.main, stated.dependent))
  )
}

/** The nouns that act in a clause: its subject, and in the passive its agent. */
export function agentsIn(clause: Clause, statement: Statement): ReadonlySet<string> {
  const agents = actorsIn(clause, statement).filter(({ role }) => role === 'subject' || role === 'equated')
  return new Set([...agents.flatMap(({ terms }) => terms), ...(clause.hasOwnSubject ? clause.subject : [])])
}

function actorsOf(statement: Statement): Actor[] {
  return statement.clauses.flatMap((clause) => actorsIn(clause, statement))
}

function actorsIn(clause: Clause, statement: Statement): Actor[] {
  const { words } = clause
  const first = predicateStart(words)
  const isPassive = isPassiveAt(words, first)
  const isCopular = isCopularAt(words, first)
  const verb = first === -1 ? null : (words.slice(first).find((word) => word.partOfSpeech === 'verb')?.term ?? null)
  const actors: Actor[] = []
  let governor: string | null = null
  let isNaming = false
  for (const [index, word] of words.entries()) {
    // "By default, the server …": the phrase before the comma governs nothing behind it.
    if (word.segment !== words[index - 1]?.segment && index < first) governor = null
    if (word.partOfSpeech === 'preposition') governor = word.lower
    // "… in the barn and the hay …": a new phrase begins.
    else if (word.partOfSpeech === 'conjunction' && words[index + 1]?.partOfSpeech === 'determiner') governor = null
    else if (word.partOfSpeech === 'particle' && word.lower === 'to') governor = 'to'
    else if (isVerb(word, words[index - 1]) || word.partOfSpeech === 'verb') governor = null
    else if (word.partOfSpeech === 'pronoun' && !possessive.test(word.lower)) governor = null
    isNaming = naming.has(word.lower) || (isNaming && governor === null && !isVerb(word, words[index - 1]))
    const isNoun = word.partOfSpeech === 'noun' || word.partOfSpeech === 'name' || word.partOfSpeech === 'adjective'
    if (!isNoun || !word.isContent) continue
    const isContrast = contrast.test(statement.text.slice(0, phraseStart(words, index)))
    const bare = first === -1 || index < first ? 'subject' : 'object'
    const role = isContrast ? 'contrast' : governor === null ? bare : (roleOf[governor] ?? governor)
    if (isNaming) continue
    // "X is the Y" and "the Y is X" say the same.
    const isEquated = isCopular && (role === 'subject' || role === 'object')
    actors.push({
      terms: word.isLiteral ? [word.term] : word.terms,
      role: isEquated ? 'equated' : activeRole(role, isPassive),
      clause: clause.index,
      verb,
    })
  }
  return actors
}

/** Where the run of nouns and adjectives begins that the word belongs to. */
function phraseStart(words: readonly Word[], index: number): number {
  let start = index
  for (; start > 0; start -= 1) {
    const before = words[start - 1]
    if (before === undefined || !/^(?:noun|name|adjective)$/u.test(before.partOfSpeech)) break
  }
  return words[start]?.startOffset ?? 0
}

function activeRole(role: Role, isPassive: boolean): Role {
  if (!isPassive) return role
  return role === 'subject' ? 'object' : role === 'by' ? 'subject' : role
}

/** Whether any clause is in the passive. */
export function hasPassive({ clauses }: Statement): boolean {
  return clauses.some(({ words }) => isPassiveAt(words, predicateStart(words)))
}

function isPassiveAt(words: readonly Word[], first: number): boolean {
  if (first === -1) return false
  let hasBe = false
  for (const [index, word] of words.entries()) {
    if (index < first) continue
    if (beForms.has(word.lower)) hasBe = true
    else if (word.partOfSpeech === 'verb')
      return hasBe && (/(?:ed|en)$/u.test(word.lower) || irregularParticiples.has(word.lower))
    else if (word.partOfSpeech !== 'auxiliary' && word.partOfSpeech !== 'adverb' && word.partOfSpeech !== 'particle')
      return false
  }
  return false
}

function isCopularAt(words: readonly Word[], first: number): boolean {
  const verb = words[first]
  if (verb === undefined || !beForms.has(verb.lower)) return false
  return !words.slice(first + 1).some((word) => word.partOfSpeech === 'verb')
}

/** Two terms of one clause of which each has the other's role in the source, and nowhere its own. */
function exchangesRoles(claimed: readonly Actor[], stated: readonly Actor[]): boolean {
  const right = rolesByTerm(stated)
  const moved = claimed.flatMap(({ terms, role, clause }) =>
    terms.flatMap((term) => {
      const roles = right.get(term)
      return roles === undefined || roles.has(role) ? [] : [{ role, clause, roles }]
    }),
  )
  return moved.some((one, index) =>
    moved
      .slice(index + 1)
      .some((two) => one.clause === two.clause && one.roles.has(two.role) && two.roles.has(one.role)),
  )
}

/**
 * Another one does the same: the subject of a verb in the claim is in the source, but nowhere a subject, and the source's
 * subject of that verb is in the claim, but nowhere a subject.
 */
function exchangesAgents(claimed: readonly Actor[], stated: readonly Actor[]): boolean {
  const left = rolesByTerm(claimed)
  const right = rolesByTerm(stated)
  const isOnly = (roles: Map<string, Set<Role>>, { terms }: Actor, isSubject: boolean): boolean =>
    terms.some((term) => roles.get(term)?.has('subject') === isSubject)
  return claimed.some(
    (one) =>
      one.role === 'subject' &&
      one.verb !== null &&
      isOnly(right, one, false) &&
      stated.some(
        (two) =>
          two.role === 'subject' && two.verb === one.verb && isOnly(left, two, false) && !isOnly(left, two, true),
      ),
  )
}

function rolesByTerm(actors: readonly Actor[]): Map<string, Set<Role>> {
  const roles = new Map<string, Set<Role>>()
  for (const { terms, role } of actors)
    for (const term of terms) roles.set(term, (roles.get(term) ?? new Set()).add(role))
  return roles
}

/** "To A" where the source says "from A", "after A" where it says "before A". */
function turnsDirection(claimed: readonly Actor[], stated: readonly Actor[]): boolean {
  const right = rolesByTerm(stated)
  return claimed.some(({ terms, role }) =>
    terms.some((term) => {
      const roles = right.get(term)
      if (roles === undefined || roles.has(role)) return false
      return directed.some(([one, two]) => (role === one && roles.has(two)) || (role === two && roles.has(one)))
    }),
  )
}
