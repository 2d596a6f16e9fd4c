/**
 * What is measured about a passage and about its sentences for a question. Everything lies between about −1 and 1, so that
 * one set of coefficients fits every corpus; nothing here knows a document or a subject.
 */
import type { AnswerPassage, PassageSentence } from './answer-passages.ts'
import { contentTerms, tokenize } from './terms.ts'
import { countNewNames, meetsExpectation } from './understand-question.ts'
import type { Question } from './understand-question.ts'

/** In the order of the coefficients in evidence-model.ts. */
export type PassageFeatures = {
  /** Cross-encoder logit / 10; 0 without a reranker. */
  relevance: number
  /** Cosine of question and chunk, as the dense search found it; 0 without an embedding model. */
  similarity: number
  /** Weighted share of the question's terms in the passage and its headings. */
  coverage: number
  /** … in the whole chunk with headings and title. */
  chunkCoverage: number
  /** Share of the question's focus terms in the chunk with headings and title; 1 when it has none. */
  focusCoverage: number
  /** 1 when the passage holds a new thing of the kind the question asks for; 0.5 when it asks for nothing particular. */
  expectation: number
  /** How much it names that the question does not: 0 for nothing, 0.5 for one thing, 0.75 for two … */
  names: number
  /** Prior of its chunk from both searches: 1 when it is first in both. */
  retrieval: number
  /** Weighted share of the question's terms that stand in none of the retrieved chunks. */
  absence: number
}

export type SentenceFeatures = {
  /** Weighted share of the question's terms in the sentence. */
  coverage: number
  /** … in the sentence before and after it in the passage. */
  neighbourCoverage: number
  expectation: number
  names: number
  /** Share of its content terms that the question does not hold: an answer adds something. */
  novelty: number
  /** 1 for a question, a line that only announces, or one of fewer than four words. */
  emptiness: number
  /** Characters / 400, at most 1. */
  length: number
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

export type FeatureInput = {
  question: Question
  weights: ReadonlyMap<string, number>
  passage: AnswerPassage
  chunkTerms: ReadonlySet<string>
  /** Terms of all retrieved chunks. */
  retrievedTerms: ReadonlySet<string>
}

/** All but the relevance, which only a reranker knows. */
export function passageFeatures(input: FeatureInput): PassageFeatures {
  const { question, weights, passage, chunkTerms, retrievedTerms } = input
  const focus = [...question.focusTerms]
  const { denseRank, lexicalRank, denseSimilarity } = passage.chunk
  return {
    relevance: 0,
    similarity: denseSimilarity ?? 0,
    coverage: coverage(weights, contentTerms(`${passage.context} ${passage.text}`)),
    chunkCoverage: coverage(weights, chunkTerms),
    focusCoverage: focus.length === 0 ? 1 : focus.filter((term) => chunkTerms.has(term)).length / focus.length,
    expectation: expectationOf(question, passage.text),
    names: namesOf(question, passage.text),
    retrieval: (priorOf(denseRank) + priorOf(lexicalRank)) / 2,
    absence: 1 - coverage(weights, retrievedTerms),
  }
}

export function sentenceFeatures(input: FeatureInput, sentence: PassageSentence): SentenceFeatures {
  const { question, weights, passage } = input
  const index = passage.sentences.indexOf(sentence)
  const neighbours = [passage.sentences[index - 1], passage.sentences[index + 1]]
    .map((other) => other?.text ?? '')
    .join(' ')
  const terms = contentTerms(sentence.text)
  const fresh = [...terms].filter((term) => !question.terms.has(term)).length
  const isEmpty = sentence.text.endsWith('?') || sentence.announces || tokenize(sentence.text).length < 4
  return {
    coverage: coverage(weights, terms),
    neighbourCoverage: coverage(weights, contentTerms(neighbours)),
    expectation: expectationOf(question, sentence.text),
    names: namesOf(question, sentence.text),
    novelty: terms.size === 0 ? 0 : fresh / terms.size,
    emptiness: isEmpty ? 1 : 0,
    length: Math.min(1, sentence.text.length / 400),
  }
}

/** @param logit raw output of the cross-encoder for question and passage */
export const withRelevance = (features: PassageFeatures, logit: number): PassageFeatures => ({
  ...features,
  relevance: logit / 10,
})

function expectationOf(question: Question, text: string): number {
  if (question.expected === 'anything' || question.expected === 'reason') return 0.5
  return meetsExpectation(question, text) ? 1 : 0
}

const namesOf = (question: Question, text: string): number => 1 - 0.5 ** countNewNames(question, text)

function priorOf(rank: number | null): number {
  return rank === null ? 0 : 1 / Math.sqrt(rank)
}
