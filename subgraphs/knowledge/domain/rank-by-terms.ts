/**
 * Lexical ranking for a store that finds texts by their terms but does not rank them: BM25 (S. Robertson and H. Zaragoza, "The Probabilistic
 * Relevance Framework: BM25 and Beyond", 2009) of the weights that term-weights.ts gives, with the inverse document frequency that is never
 * below 0, ln(1 + (N − n + 0.5) / (n + 0.5)), as Lucene has it.
 */

export interface TermCandidate {
  id: string
  /** Weight of each term in the text. */
  weights: ReadonlyMap<string, number>
}

export interface RankByTermsOptions {
  /** Those looked for, each once. */
  terms: readonly string[]
  /** All texts that have one of the terms; or some, then frequent terms count for a little more than they should. */
  candidates: readonly TermCandidate[]
  /** Number of texts that the candidates were found among: N. Not less than candidates count. */
  textCount: number
  /** How many of the best are wanted. */
  limit: number
}

/** Best first, of equal ones the smaller id. */
export function rankByTerms(options: RankByTermsOptions): { id: string; score: number }[] {
  const { terms, candidates, textCount, limit } = options
  const count = Math.max(textCount, candidates.length)
  const having = new Map<string, number>()
  for (const { weights } of candidates) for (const term of weights.keys()) having.set(term, (having.get(term) ?? 0) + 1)
  const rarity = new Map(
    terms.map((term) => {
      const found = having.get(term) ?? 0
      return [term, Math.log(1 + (count - found + 0.5) / (found + 0.5))]
    }),
  )
  const scored = candidates.map(({ id, weights }) => ({
    id,
    score: terms.reduce((sum, term) => sum + (weights.get(term) ?? 0) * rarity.get(term)!, 0),
  }))
  const least = leastOfBest(scored, limit)
  return scored
    .filter(({ score }) => score >= least)
    .toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, limit)
}

/** Numbers alone are put in order many times as fast as what they belong to, and most candidates are not wanted. */
function leastOfBest(scored: readonly { score: number }[], limit: number): number {
  const scores = Float64Array.from(scored, ({ score }) => score).sort()
  return scores[Math.max(0, scores.length - limit)] ?? 0
}
