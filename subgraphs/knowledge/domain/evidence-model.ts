/**
 * Three linear models over the features of evidence-features.ts:
 * - `passage` orders passages: a conditional logit (softmax over the passages of one question; McFadden 1973);
 * - `answerable` decides whether there is an answer at all, from the best passage: logistic regression;
 * - the sentence model tells which sentence of a passage holds the answer: logistic regression.
 * The first two have a set of coefficients for each way of looking: with a reranker, with embeddings only, with words only.
 * Fitted by `test/bench/questions/fit-evidence.ts` on the calibration questions only.
 */
import { evidenceCoefficients, sentenceCoefficients } from './evidence-coefficients.ts'
import type { PassageFeatures, SentenceFeatures } from './evidence-features.ts'

export type EvidenceBasis = 'reranked' | 'embedded' | 'lexical'

export type Coefficients<Features> = { intercept: number } & Features

export type EvidenceCoefficients = {
  passage: Coefficients<PassageFeatures>
  answerable: Coefficients<PassageFeatures>
  /** At or above this probability the documents hold an answer. */
  threshold: number
}

/** @returns for each passage the probability that it is the one that answers, if one does; they sum to 1 */
export function passageShares(features: readonly PassageFeatures[], basis: EvidenceBasis): number[] {
  const scores = features.map((entry) => linear(entry, evidenceCoefficients[basis].passage))
  const highest = Math.max(...scores)
  const powers = scores.map((score) => Math.exp(score - highest))
  const sum = powers.reduce((total, power) => total + power, 0)
  return powers.map((power) => power / sum)
}

/** @returns the probability that it holds the answer, if its passage does */
export function sentenceProbability(features: SentenceFeatures): number {
  return logistic(linear(features, sentenceCoefficients))
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
  return decisive === null ? 0 : logistic(linear(decisive, evidenceCoefficients[basis].answerable))
}

export function answerThreshold(basis: EvidenceBasis): number {
  return evidenceCoefficients[basis].threshold
}

/**
 * The best passage as the decision sees it: its own features, with the greatest relevance and similarity of all; null
 * without one. Of the relevance the cube: a passage that clearly answers or has clearly nothing to do with the question
 * decides, but between those a near-miss is as relevant as an answer in other words.
 */
export function decisiveFeatures(passages: readonly { features: PassageFeatures }[]): PassageFeatures | null {
  const [best] = passages
  if (best === undefined) return null
  return {
    ...best.features,
    relevance: Math.max(...passages.map(({ features }) => features.relevance)) ** 3,
    similarity: Math.max(...passages.map(({ features }) => features.similarity)),
  }
}

function linear<Features extends Record<string, number>>(
  features: Features,
  coefficients: Coefficients<Features>,
): number {
  let sum = coefficients.intercept
  for (const [name, value] of Object.entries(features)) sum += value * (coefficients[name] ?? 0)
  return sum
}

function logistic(value: number): number {
  return 1 / (1 + Math.exp(-value))
}
