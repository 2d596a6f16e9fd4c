/** Logistic regression over the features of a sentence; coefficients are fitted offline, see thresholds.ts. */
import type { SentenceFeatures } from './evidence-features.ts'

export function answerProbability(features: SentenceFeatures): number {
  const { relevance, similarity, sentenceCoverage, passageCoverage, chunkCoverage, focusCoverage, meetsExpectation } =
    features
  const common =
    2 * similarity + sentenceCoverage + 2 * passageCoverage + chunkCoverage + focusCoverage + meetsExpectation
  const logit = relevance === null ? common * 1.5 - 6.5 : 4 * relevance + common - 4.5
  return 1 / (1 + Math.exp(-logit))
}
