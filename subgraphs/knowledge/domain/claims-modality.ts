/**
 * How binding a statement is, and on what condition it holds. "Should" is not "must", "may" is not "does", and what
 * happens "if the cache is full" does not simply happen.
 */
import { datesOf } from './claims-dates.ts'
import type { Clause, Statement } from './claims-statement.ts'
import type { Word } from './claims-words.ts'
import { hasNegation } from './polarity.ts'

type Force = 'necessity' | 'recommendation' | 'permission' | 'possibility' | 'prohibition' | 'discouragement'

const forces: readonly (readonly [RegExp, Force])[] = [
  [/\b(?:must|shall|have to|has to|had to|needs? to|required?|requires|mandatory|necessary|obliged)\b/giu, 'necessity'],
  [
    /\b(?:should|ought to|recommend(?:ed|s)?|advis(?:ed|able)|advisable|preferabl[ey]|a good idea|encouraged|desirable)\b/giu,
    'recommendation',
  ],
  [/\b(?:can|able to|allow(?:s|ed)?|permit(?:s|ted)?|optional(?:ly)?|capable of)\b/giu, 'permission'],
  [/\b(?:may|might|could|possibl[ey]|perhaps|probably|likely)\b/giu, 'possibility'],
]
/** What of the source carries a claimed force, apart from itself. */
const carriers: Readonly<Record<Force, readonly Force[]>> = {
  necessity: [],
  recommendation: ['necessity'],
  permission: ['possibility', 'recommendation'],
  possibility: ['permission'],
  prohibition: [],
  discouragement: ['prohibition'],
}

function forcesOf(written: string): Set<Force> {
  const found = new Set<Force>()
  // The month of May permits nothing.
  let text = written
  // "May be at most 5" is a limit, no possibility.
  text = text.replace(/(\b(?:have|has|had|needs?) to be )able to\b/giu, '$1')
  text = text.replace(/\bmay(?=\s+\w+\s+(?:at most|up to|no more)\b)/giu, '   ')
  for (const { startOffset, endOffset } of datesOf({ text: written }))
    text = text.slice(0, startOffset) + ' '.repeat(endOffset - startOffset) + text.slice(endOffset)
  for (const [pattern, force] of forces) {
    for (const match of text.matchAll(pattern)) {
      // "must not" and "may not", "cannot": a prohibition either way, which negation compares.
      const rest = text.slice(match.index + match[0].length)
      const isDenied = /\b(?:not|never|no longer|n't)\s+$/iu.test(text.slice(0, match.index))
      const isNegated = isDenied || /^(?:\s+(?:only\s+|\p{L}+ly\s+)?(?:not|never)\b|n't\b|not\b)/iu.test(rest)
      const denied = force === 'recommendation' ? 'discouragement' : 'prohibition'
      found.add(isNegated ? denied : force)
    }
  }
  return found
}

/** Whether the claim says "must" for "should", "may" for "must", or leaves out that something is only possible. */
export function changesForce(
  claim: string,
  contributing: readonly Clause[],
  sourceText: (clause: Clause) => string,
): boolean {
  const claimed = forcesOf(claim)
  const stated = forcesOf(contributing.map(sourceText).join('; '))
  if (stated.size === 0) return false
  const isUncarried = [...claimed].some(
    (force) =>
      force !== 'prohibition' &&
      force !== 'discouragement' &&
      !stated.has(force) &&
      !carriers[force].some((carrier) => stated.has(carrier)),
  )
  // "Must not" for "should not" or "should avoid".
  const isSharpened =
    claimed.has('prohibition') &&
    !stated.has('prohibition') &&
    (stated.has('discouragement') || stated.has('recommendation'))
  const isHardened = stated.has('possibility') && stated.size === 1 && claimed.size === 0 && !hasNegation(claim)
  return isUncarried || isSharpened || isHardened
}

const conditionals = new Set(['if', 'unless', 'provided'])

/** Whether the claim takes up what holds on a condition, and nothing of the condition. */
export function dropsCondition(claim: Statement, source: Statement, contributing: readonly Clause[]): boolean {
  if (claim.words.some((word) => /^(?:if|unless|when|whenever|provided|once|with|without)$/u.test(word.lower)))
    return false
  return source.clauses.some((condition) => {
    const isWhile = condition.connector === 'as' && condition.words[1]?.lower === 'long'
    if (condition.connector === null || !(conditionals.has(condition.connector) || isWhile)) return false
    const isTaken = contributing.some((clause) => clause !== condition && isConditional(clause, condition, claim))
    // "If the maintainer doesn't reply": the maintainer alone is not the condition.
    const subject = condition.hasOwnSubject ? condition.subject : new Set<string>()
    const predicate = condition.words.filter((word) => word.hostSegment === null && !subject.has(word.term))
    const own = contentOf(predicate)
    const elsewhere = new Set(
      source.clauses.filter((clause) => clause !== condition).flatMap(({ words }) => contentOf(words)),
    )
    const distinctive = own.filter((term) => !elsewhere.has(term))
    const telling = distinctive.length > 0 ? distinctive : own
    const kept = telling.filter((term) => claim.terms.has(term)).length
    return isTaken && telling.length > 0 && (telling.length > 1 ? kept <= telling.length / 2 : kept === 0)
  })
}

/** Whether the claim takes something from the clause that the condition bears on: before a condition, its last segment. */
function isConditional(clause: Clause, condition: Clause, claim: Statement): boolean {
  if (clause.group !== condition.group) return false
  const isBehind = condition.index > clause.index
  if (isBehind && condition.index !== clause.index + 1) return false
  const segment = clause.words.at(-1)?.segment
  return contentOf(clause.words.filter((word) => !isBehind || word.segment === segment)).some((term) =>
    claim.terms.has(term),
  )
}

function contentOf(words: readonly Word[]): string[] {
  return words.filter((word) => word.isContent).map((word) => word.term)
}
