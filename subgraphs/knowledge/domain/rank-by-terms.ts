/**
 * Lexical ranking for a store that finds texts by their terms but does not rank them: BM25 (S. Robertson and H. Zaragoza, "The Probabilistic
 * Relevance Framework: BM25 and Beyond", 2009) of the weights that term-weights.ts gives, with the inverse document frequency that is never
 * below 0, ln(1 + (N − n + 0.5) / (n + 0.5)), as Lucene has it.
 */

export interface TermCandidate {
  id: string
  /** Weight in the text of each term that is looked for, in an order that all candidates have; 0 of those that are not in it. */
  weights: readonly number[]
}

export interface RankByTermsOptions {
  /** All texts that have one of the terms; or some, then frequent terms count for a little more than they should. */
  candidates: readonly TermCandidate[]
  /** Number of texts that the candidates were found among: N. Not less than candidates count. */
  textCount: number
  /** How many of the best are wanted. */
  limit: number
}

/** Best first, of equal ones the smaller id. Loops over numbers, for it is done thousands of times in a search that waits for nothing else. */
export function rankByTerms({ candidates, textCount, limit }: RankByTermsOptions): { id: string; score: number }[] {
  const rarities = raritiesOf(candidates, Math.max(textCount, candidates.length))
  const scores = new Float64Array(candidates.length)
  for (const [at, { weights }] of candidates.entries()) {
    let score = 0
    for (let term = 0; term < rarities.length; term += 1) score += weights[term]! * rarities[term]!
    scores[at] = score
  }
  const least = leastOfBest(scores, limit)
  const best: { id: string; score: number }[] = []
  for (const [at, score] of scores.entries()) if (score >= least) best.push({ id: candidates[at]!.id, score })
  return best.toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1)).slice(0, limit)
}

/** Of each term, among so many texts. */
function raritiesOf(candidates: readonly TermCandidate[], count: number): number[] {
  const having = (candidates[0]?.weights ?? []).map(() => 0)
  for (const { weights } of candidates)
    for (let term = 0; term < having.length; term += 1) if (weights[term]! > 0) having[term]! += 1
  return having.map((found) => Math.log(1 + (count - found + 0.5) / (found + 0.5)))
}

/** Numbers alone are put in order many times as fast as what they belong to, and most candidates are not wanted. */
const leastOfBest = (scores: Float64Array, limit: number): number =>
  scores.toSorted()[Math.max(0, scores.length - limit)] ?? 0
