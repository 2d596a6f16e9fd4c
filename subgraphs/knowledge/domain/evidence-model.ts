/**
 * Three linear models over the features of evidence-features.ts, one set of coefficients for each way of looking (with a
 * reranker, with embeddings only, with words only):
 * - `passage` orders passages: a conditional logit (softmax over the passages of one question; McFadden 1973);
 * - `sentence` tells which sentence of a passage holds the answer: logistic regression;
 * - `answerable` decides whether there is an answer at all, from the best passage: logistic regression.
 * Fitted by `test/bench/questions/fit-evidence.ts` on the calibration questions only.
 */
import { evidenceCoefficients } from './evidence-coefficients.ts'
import type { PassageFeatures, SentenceFeatures } from './evidence-features.ts'

export type EvidenceBasis = 'reranked' | 'embedded' | 'lexical'

export type Coefficients<Features> = { intercept: number } & Features

export type EvidenceCoefficients = {
  passage: Coefficients<PassageFeatures>
  sentence: Coefficients<SentenceFeatures>
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

export function sentenceProbability(features: SentenceFeatures, basis: EvidenceBasis): number {
  return logistic(linear(features, evidenceCoefficients[basis].sentence))
}

export function answerableProbability(features: PassageFeatures, basis: EvidenceBasis): number {
  return logistic(linear(features, evidenceCoefficients[basis].answerable))
}

export function answerThreshold(basis: EvidenceBasis): number {
  return evidenceCoefficients[basis].threshold
}

/** The best passage as the decision sees it: its own features, with the greatest relevance and similarity of all. */
export function decisiveFeatures(best: PassageFeatures, all: readonly PassageFeatures[]): PassageFeatures {
  return {
    ...best,
    relevance: Math.max(...all.map((features) => features.relevance)),
    similarity: Math.max(...all.map((features) => features.similarity)),
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
