/**
 * Three linear models over the features of evidence-features.ts:
 * - `preselection` orders passages before any of them is read: a conditional logit (softmax over the passages of one
 *   question; McFadden 1973);
 * - `answer` tells which sentence of the passages that are looked at is the answer: a conditional logit over all of them;
 * - `answerable` decides whether there is an answer at all: logistic regression.
 * Each has a set of coefficients for each way of looking: with a reranker, with embeddings only, with words only.
 * Fitted by `test/bench/questions/fit-evidence.ts`.
 */
import { evidenceCoefficients, preselectionCoefficients } from './evidence-coefficients.ts'
import type { PassageFeatures, PreselectionFeatures, SentenceFeatures } from './evidence-features.ts'

export type EvidenceBasis = 'reranked' | 'embedded' | 'lexical'

export type EvidenceCoefficients = {
  answer: { passage: PassageFeatures; sentence: SentenceFeatures }
  answerable: { intercept: number } & PassageFeatures
  /** At or above this probability the documents hold an answer. */
  threshold: number
}

/** @returns scores to order passages by, of no meaning beyond the question */
export function preselectionScores(
  features: readonly PreselectionFeatures[],
  basis: Exclude<EvidenceBasis, 'reranked'>,
): number[] {
  return features.map((entry) => linear(entry, preselectionCoefficients[basis]))
}

/** @returns for each sentence the probability that it is the answer, if one of them is; they sum to 1 */
export function answerShares(
  sentences: readonly { passage: PassageFeatures; sentence: SentenceFeatures }[],
  basis: EvidenceBasis,
): number[] {
  const { answer } = evidenceCoefficients[basis]
  const scores = sentences.map(
    ({ passage, sentence }) => linear(passage, answer.passage) + linear(sentence, answer.sentence),
  )
  const highest = Math.max(...scores)
  const powers = scores.map((score) => Math.exp(score - highest))
  const sum = powers.reduce((total, power) => total + power, 0)
  return powers.map((power) => power / sum)
}

/**
 * @param passages best first
 * @returns the probability that one of them answers, 0 when there is none
 */
export function answerableProbability(
  passages: readonly { features: PassageFeatures }[],
  basis: EvidenceBasis,
): number {
  const decisive = decisiveFeatures(passages)
  if (decisive === null) return 0
  const { answerable } = evidenceCoefficients[basis]
  return 1 / (1 + Math.exp(-answerable.intercept - linear(decisive, answerable)))
}

export function answerThreshold(basis: EvidenceBasis): number {
  return evidenceCoefficients[basis].threshold
}

/**
 * The best passage as the decision sees it: its own features, with the greatest relevance and similarity of all and their
 * mean answerability; null without one. Of the relevance the cube: a passage that clearly answers or has clearly nothing
 * to do with the question decides, but between those a near-miss is as relevant as an answer in other words.
 */
export function decisiveFeatures(passages: readonly { features: PassageFeatures }[]): PassageFeatures | null {
  const [best] = passages
  if (best === undefined) return null
  return {
    ...best.features,
    relevance: Math.max(...passages.map(({ features }) => features.relevance)) ** 3,
    similarity: Math.max(...passages.map(({ features }) => features.similarity)),
    answerability: passages.reduce((sum, { features }) => sum + features.answerability, 0) / passages.length,
  }
}

function linear<Features extends Record<string, number>>(features: Features, coefficients: Features): number {
  let sum = 0
  for (const [name, value] of Object.entries(features)) sum += value * (coefficients[name] ?? 0)
  return sum
}
