/**
 * Holds one sentence of an answer against the sources. A citation is verified only if its quote, which is cut from the
 * stored text by the server and never taken from the model, carries the sentence: every number with its unit, every
 * name, no turned negation or opposition, and enough of its content words. The model's own marker only decides between
 * passages that support the sentence equally well.
 */
import { nameClaims, numberClaims, reversesOpposition, supportsNames, supportsNumbers } from './claims.ts'
import { clausesOf, turnsNegation } from './polarity.ts'
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
/** Content words, no numbers, that each further sentence of a quote must add. */
const wordsPerQuotedSentence = 2

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
        // A quote is as short as it can be: each of its sentences must add words, or a number could be borrowed from a neighbour.
        const parts = spans.slice(first, last + 1).map((span) => source.text.slice(span.startOffset, span.endOffset))
        if (parts.length > 1 && contributingParts(claim.terms, parts, wordsPerQuotedSentence).length < parts.length)
          continue
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
  if (flat === claim.text) return { coverage: 1, failures: [] }
  const quoteTerms = contentTerms(flat)
  const shared = [...claim.terms].filter((term) => quoteTerms.has(term)).length
  const coverage = claim.terms.size === 0 ? 0 : shared / claim.terms.size
  if (coverage === 0) return { coverage, failures: ['COVERAGE'] }
  const clauses = contributingParts(claim.terms, clausesOf(flat), 1)
  const failures: VerificationFailure[] = []
  if (!supportsNumbers(claim.numbers, numberClaims(flat))) failures.push('NUMBER')
  // One name may stand in the heading above the quote: "It defaults to 5" under "--retries".
  const missing = supportsNames(claim.names, flat)
  if (missing.length > 1 || supportsNames(new Set(missing), context).length > 0) failures.push('NAME')
  if (turnsNegation(claim.text, clauses)) failures.push('NEGATION')
  if (reversesOpposition(claim.text, clauses.join('; '))) failures.push('OPPOSITE')
  const vector = claim.vector === undefined ? undefined : quoteVector?.(flat)
  const similarity = claim.vector === undefined || vector === undefined ? null : cosine(claim.vector, vector)
  if (!isCovered(coverage, similarity)) failures.push('COVERAGE')
  if (similarity !== null && similarity < verificationThresholds.similarity) failures.push('SIMILARITY')
  return { coverage, failures }
}

function isCovered(coverage: number, similarity: number | null): boolean {
  const { coverage: enough, coverageOfParaphrase, similarityOfParaphrase } = verificationThresholds
  return (
    coverage >= enough ||
    (similarity !== null && similarity >= similarityOfParaphrase && coverage >= coverageOfParaphrase)
  )
}

/**
 * The parts (clauses, sentences) that the claim takes its words from, in their order: the one that shares most, then
 * each that adds at least `least` words which are no numbers. What a claim has nothing from can neither carry nor refute it.
 */
function contributingParts(terms: ReadonlySet<string>, parts: readonly string[], least: number): string[] {
  const words = parts.map(
    (part) => new Set([...contentTerms(part)].filter((term) => terms.has(term) && !/\d/u.test(term))),
  )
  const open = new Set(words.flatMap((shared) => [...shared]))
  const chosen = new Set<number>()
  for (;;) {
    let best = -1
    let gain = chosen.size === 0 ? 0 : least - 1
    for (const [index, shared] of words.entries()) {
      const added = [...shared].filter((term) => open.has(term)).length
      if (added > gain && !chosen.has(index)) {
        best = index
        gain = added
      }
    }
    if (best === -1) break
    chosen.add(best)
    for (const term of words[best] ?? []) open.delete(term)
  }
  return parts.filter((_, index) => chosen.has(index))
}
