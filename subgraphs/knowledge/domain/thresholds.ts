/**
 * When a quote carries a sentence. These four were set by judgement and are tested on constructed sentences only; they are
 * not calibrated yet (docs/decisions/2026-11-22-answer-thresholds.md). The fitted ones are in evidence-coefficients.ts.
 */
export type VerificationThresholds = {
  /** Share of an answer sentence's content terms that its quote must hold. */
  coverage: number
  /** With at least this cosine between sentence and quote … */
  similarityOfParaphrase: number
  /** … this share is enough. */
  coverageOfParaphrase: number
  /** Below this cosine no share of words is enough. */
  similarity: number
}

export const verificationThresholds: VerificationThresholds = {
  /** Share of an answer sentence's content terms that its quote must hold. */
  coverage: 0.6,
  /** With at least this cosine between sentence and quote … */
  similarityOfParaphrase: 0.75,
  /** … this share is enough. */
  coverageOfParaphrase: 0.4,
  /** Below this cosine no share of words is enough. */
  similarity: 0.45,
}
