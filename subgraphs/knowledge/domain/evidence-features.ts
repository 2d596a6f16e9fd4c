/**
 * What is measured about a passage and about its sentences for a question. Everything lies between about −1 and 1, so that
 * one set of coefficients fits every corpus; nothing here knows a document or a subject.
 */
import type { AnswerPassage, PassageSentence } from './answer-passages.ts'
import type { Reading } from './source-chunk.ts'
import { contentTerms, contentTermsOf, tokenize } from './terms.ts'
import type { Token } from './terms.ts'
import { countNewNames, meetsExpectation } from './understand-question.ts'
import type { Question } from './understand-question.ts'

/** In the order of the coefficients in evidence-model.ts. */
export type PassageFeatures = {
  /** The reranker's score / 10; 0 without one. */
  relevance: number
  /** Log-odds that it holds the answer, and that the question can be answered, by the heads of the reranker; 0 without one. */
  answering: number
  answerability: number
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

/** What tells the passages of one question apart only together with all of them: how far its words can be trusted. */
export type PreselectionFeatures = {
  similarity: number
  coverage: number
  chunkCoverage: number
  focusCoverage: number
  expectation: number
  /** Priors of its chunk from each search: 1 when it is first there. */
  lexicalPrior: number
  densePrior: number
  /** The same, times the coverage of the best passage: where one holds the question's words, words decide … */
  trustedCoverage: number
  trustedChunkCoverage: number
  trustedLexicalPrior: number
  /** … and where none does, meaning. */
  distrustedDensePrior: number
}

export type SentenceFeatures = {
  /** Log-odds that it is the answer, by the head of the reranker; 0 without one. */
  answering: number
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
  const { tokens, terms } = passage
  return {
    relevance: 0,
    answering: 0,
    answerability: 0,
    similarity: denseSimilarity ?? 0,
    coverage: coverage(weights, terms),
    chunkCoverage: coverage(weights, chunkTerms),
    focusCoverage: focus.length === 0 ? 1 : focus.filter((term) => chunkTerms.has(term)).length / focus.length,
    expectation: expectationOf(question, passage.text, tokens),
    names: namesOf(question, passage.text, tokens),
    retrieval: (priorOf(denseRank) + priorOf(lexicalRank)) / 2,
    absence: 1 - coverage(weights, retrievedTerms),
  }
}

/** @param answering what the reranker's head says of the sentence; 0 without one */
export function sentenceFeatures(input: FeatureInput, sentence: PassageSentence, answering = 0): SentenceFeatures {
  const { question, weights, passage } = input
  const index = passage.sentences.indexOf(sentence)
  const neighbours = [passage.sentences[index - 1], passage.sentences[index + 1]]
    .map((other) => other?.text ?? '')
    .join(' ')
  const tokens = tokenize(sentence.text)
  const terms = contentTermsOf(tokens)
  const fresh = [...terms].filter((term) => !question.terms.has(term)).length
  const isEmpty = sentence.text.endsWith('?') || sentence.announces || tokens.length < 4
  return {
    answering,
    coverage: coverage(weights, terms),
    neighbourCoverage: coverage(weights, contentTerms(neighbours)),
    expectation: expectationOf(question, sentence.text, tokens),
    names: namesOf(question, sentence.text, tokens),
    novelty: terms.size === 0 ? 0 : fresh / terms.size,
    emptiness: isEmpty ? 1 : 0,
    length: Math.min(1, sentence.text.length / 400),
  }
}

/** What a reranker adds. */
export const withReading = (features: PassageFeatures, reading: Reading): PassageFeatures => ({
  ...features,
  relevance: reading.score / 10,
  answering: reading.answering,
  answerability: reading.answerability,
})

/** @param passages all of one question */
export function preselectionFeatures(
  passages: readonly { input: FeatureInput; features: PassageFeatures }[],
): PreselectionFeatures[] {
  const trust = Math.max(0, ...passages.map(({ features }) => features.coverage))
  return passages.map(({ input, features }) => {
    const { similarity, coverage: own, chunkCoverage, focusCoverage, expectation } = features
    const lexicalPrior = priorOf(input.passage.chunk.lexicalRank)
    const densePrior = priorOf(input.passage.chunk.denseRank)
    return {
      similarity,
      coverage: own,
      chunkCoverage,
      focusCoverage,
      expectation,
      lexicalPrior,
      densePrior,
      trustedCoverage: own * trust,
      trustedChunkCoverage: chunkCoverage * trust,
      trustedLexicalPrior: lexicalPrior * trust,
      distrustedDensePrior: densePrior * (1 - trust),
    }
  })
}

function expectationOf(question: Question, text: string, tokens: readonly Token[]): number {
  if (question.expected === 'anything' || question.expected === 'reason') return 0.5
  return meetsExpectation(question, text, tokens) ? 1 : 0
}

const namesOf = (question: Question, text: string, tokens: readonly Token[]): number =>
  1 - 0.5 ** countNewNames(question, text, tokens)

function priorOf(rank: number | null): number {
  return rank === null ? 0 : 1 / Math.sqrt(rank)
}
