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
}

/** Best first, of equal ones the smaller id. */
export function rankByTerms({ terms, candidates, textCount }: RankByTermsOptions): { id: string; score: number }[] {
  const count = Math.max(textCount, candidates.length)
  const rarity = new Map(
    terms.map((term) => {
      const having = candidates.filter(({ weights }) => weights.has(term)).length
      return [term, Math.log(1 + (count - having + 0.5) / (having + 0.5))]
    }),
  )
  return candidates
    .map(({ id, weights }) => ({
      id,
      score: terms.reduce((sum, term) => sum + (weights.get(term) ?? 0) * rarity.get(term)!, 0),
    }))
    .toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
}
