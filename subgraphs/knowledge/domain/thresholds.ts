/**
 * How near a sentence must be to its quote, once everything that must agree literally (claims.ts, polarity.ts) agrees.
 * The numbers are calibrated on test/fixtures/sentences-verification/ by test/bench/verification/calibrate.ts; what they
 * give, on the pairs they were chosen by and on others, is in docs/decisions/2026-11-24-verifying-sentences.md.
 */
export type VerificationThresholds = {
  /** Share of a sentence's content words, numbers aside, that its quote must hold, 0 to 1. */
  coverage: number
  /** With at least this cosine between sentence and quote … */
  similarityOfParaphrase: number
  /** … this share is enough. */
  coverageOfParaphrase: number
  /** Below this cosine no share of words is enough. */
  similarity: number
}

export const verificationThresholds: VerificationThresholds = {
  coverage: 0.9,
  similarityOfParaphrase: 0.85,
  coverageOfParaphrase: 0.5,
  similarity: 0.3,
}

export type Shortfall = 'COVERAGE' | 'SIMILARITY'

/** @param similarity cosine of sentence and quote; null when there is no embedding model: words alone decide */
export function shortfallsOf(
  coverage: number,
  similarity: number | null,
  thresholds: VerificationThresholds,
): Shortfall[] {
  const isParaphrase =
    similarity !== null &&
    similarity >= thresholds.similarityOfParaphrase &&
    coverage >= thresholds.coverageOfParaphrase
  const shortfalls: Shortfall[] = []
  if (coverage < thresholds.coverage && !isParaphrase) shortfalls.push('COVERAGE')
  if (similarity !== null && similarity < thresholds.similarity) shortfalls.push('SIMILARITY')
  return shortfalls
}
