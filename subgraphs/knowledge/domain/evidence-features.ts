/**
 * What is measured about a candidate sentence for a question. All features are between about 0 and 1 (the logit is
 * scaled), so that one set of coefficients fits every corpus; none of them knows a document or a subject.
 */
import type { CandidateSentence } from './candidate-sentences.ts'
import { contentTerms } from './terms.ts'
import { meetsExpectation } from './understand-question.ts'
import type { Question } from './understand-question.ts'

export type SentenceFeatures = {
  /** Cross-encoder logit / 10; null without a reranker. */
  relevance: number | null
  /** Cosine of question and passage. */
  similarity: number
  /** Weighted share of the question's terms in the sentence. */
  sentenceCoverage: number
  /** … in the sentence with what it leans on, its headings and title. */
  passageCoverage: number
  /** … in the whole chunk with headings and title. */
  chunkCoverage: number
  /** Share of the question's focus terms in the chunk; 1 when it has none. */
  focusCoverage: number
  /** 1 when the passage holds a thing of the kind the question asks for. */
  meetsExpectation: number
  /** 1/rank-like prior of its chunk from both searches, scaled to 0..1. */
  retrieval: number
}

/**
 * Weight of each question term by how few of the candidate chunks hold it. The candidates are the neighbourhood of the
 * question, so this is the inverse document frequency that tells its chunks apart; no corpus statistics are needed.
 * A term in none of them gets the highest weight: the full-text search would have brought a chunk that holds it.
 */
export function termWeights(question: Question, chunkTerms: readonly ReadonlySet<string>[]): Map<string, number> {
  const weights = new Map<string, number>()
  for (const term of question.terms) {
    const frequency = chunkTerms.filter((terms) => terms.has(term)).length
    weights.set(term, Math.log(1 + (chunkTerms.length + 1) / (frequency + 0.5)))
  }
  return weights
}

export function coverage(weights: ReadonlyMap<string, number>, terms: ReadonlySet<string>): number {
  let covered = 0
  let all = 0
  for (const [term, weight] of weights) {
    all += weight
    if (terms.has(term)) covered += weight
  }
  return all === 0 ? 0 : covered / all
}

export function sentenceFeatures(input: {
  question: Question
  candidate: CandidateSentence
  weights: ReadonlyMap<string, number>
  chunkTerms: ReadonlySet<string>
  similarity: number
  logit: number | null
}): SentenceFeatures {
  const { question, candidate, weights, chunkTerms, similarity, logit } = input
  const sentenceTerms = contentTerms(candidate.text)
  const passageTerms = contentTerms(`${candidate.context} ${candidate.leadIn} ${candidate.text}`)
  const focus = [...question.focusTerms]
  const { denseRank, lexicalRank } = candidate.chunk
  return {
    relevance: logit === null ? null : logit / 10,
    similarity,
    sentenceCoverage: coverage(weights, sentenceTerms),
    passageCoverage: coverage(weights, passageTerms),
    chunkCoverage: coverage(weights, chunkTerms),
    focusCoverage: focus.length === 0 ? 1 : focus.filter((term) => chunkTerms.has(term)).length / focus.length,
    meetsExpectation: meetsExpectation(question, `${candidate.leadIn} ${candidate.text}`) ? 1 : 0,
    retrieval: (denseRank === null ? 0 : 1 / (denseRank + 1)) + (lexicalRank === null ? 0 : 1 / (lexicalRank + 1)),
  }
}
