/**
 * Negation, read clause by clause. A window over words would let "Users may delete files, but must not delete folders"
 * carry both statements and their opposites; here a claim is compared with the clauses that it takes its words from.
 */
import { tokenize } from './terms.ts'

const negators =
  /\b(?:not|no|never|none|nor|neither|nobody|nothing|nowhere|without|cannot|\p{L}+n['’]t|hardly|unless|except|fail(?:s|ed)? to|forbid(?:s|den)?|forbade|prohibit(?:s|ed)?|disallow(?:s|ed)?|refuse[sd]?|den(?:y|ies|ied)|impossible|unable)\b/giu

/** Where one clause ends and the next begins. */
const clauseBoundary =
  /[;:—–]\s|,\s+(?=(?:but|and|or|so|yet|which|who|while|whereas|although|though|unless|except|if|then)\b)|\s+(?=(?:but|whereas|although)\s)|(?<=[.!?])\s+/giu

/** The scope of a negator ends at a preposition, a conjunction or punctuation. */
const scopeEnd =
  /[,;:()]|\b(?:before|after|until|when|while|if|unless|because|since|for|in|on|at|by|with|from|to|of|as|and|or|but|than|that|which)\b/iu

export function clausesOf(text: string): string[] {
  return text
    .split(clauseBoundary)
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '')
}

export function hasNegation(text: string): boolean {
  return text.search(new RegExp(negators)) !== -1
}

/** The content terms that a negator in the text bears on, and those that stand free of one. */
export function polarityOf(text: string): { negated: Set<string>; affirmed: Set<string> } {
  const negated = new Set<string>()
  const affirmed = new Set<string>()
  const scopes = [...text.matchAll(negators)].map((match) => {
    const start = match.index + match[0].length
    const stop = text.slice(start).search(scopeEnd)
    return [start, stop === -1 ? text.length : start + stop] as const
  })
  for (const token of tokenize(text)) {
    if (token.isStopWord) continue
    const isNegated = scopes.some(([start, end]) => token.startOffset >= start && token.endOffset <= end)
    ;(isNegated ? negated : affirmed).add(token.term)
  }
  return { negated, affirmed }
}

/**
 * @param claim a sentence
 * @param clauses the clauses of the source that the sentence takes its words from
 */
export function turnsNegation(claim: string, clauses: readonly string[]): boolean {
  const source = clauses.join('; ')
  if (hasNegation(claim) !== hasNegation(source)) return true
  const said = polarityOf(claim)
  const meant = polarityOf(source)
  const isTurned = (left: Set<string>, right: { here: Set<string>; there: Set<string> }): boolean =>
    [...left].some((term) => right.there.has(term) && !right.here.has(term))
  return (
    isTurned(said.negated, { here: meant.negated, there: meant.affirmed }) ||
    isTurned(new Set([...said.affirmed].filter((term) => !said.negated.has(term))), {
      here: meant.affirmed,
      there: meant.negated,
    })
  )
}
