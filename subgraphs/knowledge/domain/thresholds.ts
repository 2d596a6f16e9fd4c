/**
 * Every number in answering that was chosen by measurement. Source of all of them, with the command that repeats it:
 * docs/decisions/2026-11-22-answer-thresholds.md.
 */
export const verificationThresholds = {
  /** Share of an answer sentence's content terms that its quote must hold. */
  coverage: 0.6,
  /** With at least this cosine between sentence and quote … */
  similarityOfParaphrase: 0.75,
  /** … this share is enough. */
  coverageOfParaphrase: 0.4,
  /** Below this cosine no share of words is enough. */
  similarity: 0.45,
} as const
