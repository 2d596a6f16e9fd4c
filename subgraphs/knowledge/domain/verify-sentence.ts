/**
 * Holds one sentence of an answer against the sources. A citation is verified only if its quote, which is cut from the
 * stored text by the server and never taken from the model, carries the sentence: every number with its unit, every
 * name, no turned negation or opposition, and enough of its content words. The model's own marker only decides between
 * passages that support the sentence equally well.
 */
import {
  countNegations,
  nameClaims,
  numberClaims,
  reversesOpposition,
  supportsNames,
  supportsNumbers,
} from './claims.ts'
import { cosine } from './source-chunk.ts'
import type { SourceChunk } from './source-chunk.ts'
import { splitSentences } from './split-sentences.ts'
import { contentTerms } from './terms.ts'
import { collapseWhitespace } from './text-span.ts'
import type { TextSpan } from './text-span.ts'
import { verificationThresholds } from './thresholds.ts'

export type SentenceSupport = {
  chunkId: string
  documentId: string
  /** 1 for the first source. */
  marker: number
  /** Into Document.text. */
  span: TextSpan
  /** Exactly the stored text at `span`. */
  quote: string
  isVerified: boolean
  /** Share of the sentence's content terms in the quote, 0 to 1. */
  coverage: number
  /** Whether the model pointed at this source; null when it pointed nowhere. */
  agreesWithMarker: boolean | null
  /** Why it is not verified, in the order they were tested; empty when it is. */
  failures: VerificationFailure[]
}

export type VerificationFailure = 'NUMBER' | 'NAME' | 'NEGATION' | 'OPPOSITE' | 'COVERAGE' | 'SIMILARITY'

export type SentenceToVerify = {
  text: string
  /** Source numbers the model wrote beside the sentence, from 1; unknown numbers are ignored. */
  markers?: readonly number[]
  /** Unit vector of the sentence; with `quoteVectors` a paraphrase of fewer shared words can be verified. */
  vector?: Float32Array
}

/** A quotation is one to three neighbouring sentences of one source. */
const longestQuoteSentences = 3

/**
 * @param sources in the order of their markers
 * @param quoteVector unit vector of a quote, if the caller has it; without it similarity is not asked for
 * @returns the best support, verified or not; null when no source shares a content word with the sentence
 */
export function verifySentence(
  sentence: SentenceToVerify,
  sources: readonly SourceChunk[],
  quoteVector?: (quote: string) => Float32Array | undefined,
): SentenceSupport | null {
  const claim = readClaim(sentence)
  let best: SentenceSupport | null = null
  let bestScore = -Infinity
  for (const [index, source] of sources.entries()) {
    const marker = index + 1
    const spans = splitSentences(source.text)
    for (const [first, start] of spans.entries()) {
      for (let last = first; last < Math.min(spans.length, first + longestQuoteSentences); last += 1) {
        const end = spans[last]
        if (end === undefined) break
        const quote = source.text.slice(start.startOffset, end.endOffset)
        const context = [source.documentTitle ?? '', ...source.headings].join(' ')
        const { coverage, failures } = holdAgainst(claim, quote, context, quoteVector)
        if (coverage === 0) continue
        const agreesWithMarker = claim.markers.length === 0 ? null : claim.markers.includes(marker)
        // A shorter quote that says as much is the better one; the marker breaks ties.
        const score =
          (failures.length === 0 ? 10 : 0) -
          failures.length +
          coverage * 3 -
          (last - first) * 0.15 +
          (agreesWithMarker === true ? 0.1 : 0)
        if (score <= bestScore) continue
        bestScore = score
        best = {
          chunkId: source.id,
          documentId: source.documentId,
          marker,
          span: { startOffset: source.startOffset + start.startOffset, endOffset: source.startOffset + end.endOffset },
          quote,
          isVerified: failures.length === 0,
          coverage,
          agreesWithMarker,
          failures,
        }
      }
    }
  }
  return best
}

type Claim = ReturnType<typeof readClaim>

function readClaim(sentence: SentenceToVerify) {
  const text = collapseWhitespace(sentence.text)
  return {
    text,
    markers: sentence.markers ?? [],
    terms: contentTerms(text),
    numbers: numberClaims(text),
    names: nameClaims(text),
    negations: countNegations(text),
    vector: sentence.vector,
  }
}

function holdAgainst(
  claim: Claim,
  quote: string,
  context: string,
  quoteVector: ((quote: string) => Float32Array | undefined) | undefined,
): { coverage: number; failures: VerificationFailure[] } {
  const flat = collapseWhitespace(quote)
  if (flat === claim.text || flat.includes(claim.text)) return { coverage: 1, failures: [] }
  const quoteTerms = contentTerms(flat)
  const shared = [...claim.terms].filter((term) => quoteTerms.has(term)).length
  const coverage = claim.terms.size === 0 ? 0 : shared / claim.terms.size
  const failures: VerificationFailure[] = []
  if (!supportsNumbers(claim.numbers, numberClaims(flat))) failures.push('NUMBER')
  // A name may stand in the heading above the quote: "It defaults to 5" under "--retries".
  const missingNames = supportsNames(claim.names, flat)
  if (missingNames.length > 0 && (missingNames.length > 1 || supportsNames(new Set(missingNames), context).length > 0))
    failures.push('NAME')
  if (claim.negations % 2 !== countNegations(flat) % 2) failures.push('NEGATION')
  if (reversesOpposition(claim.text, flat)) failures.push('OPPOSITE')
  const vector = claim.vector === undefined ? undefined : quoteVector?.(flat)
  const similarity = claim.vector === undefined || vector === undefined ? null : cosine(claim.vector, vector)
  const isCovered =
    coverage >= verificationThresholds.coverage ||
    (similarity !== null &&
      similarity >= verificationThresholds.similarityOfParaphrase &&
      coverage >= verificationThresholds.coverageOfParaphrase)
  if (!isCovered) failures.push('COVERAGE')
  if (similarity !== null && similarity < verificationThresholds.similarity) failures.push('SIMILARITY')
  return { coverage, failures }
}
