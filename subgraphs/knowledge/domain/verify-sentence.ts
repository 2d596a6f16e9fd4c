/**
 * Holds one sentence of an answer against the sources. A citation is verified only if its quote, which is cut from the
 * stored text by the server and never taken from the model, carries the sentence: every number, date and name with the
 * words it stands with, no turned negation, opposition or role, nothing said more generally or more surely, and enough of
 * its content words. The model's own marker only decides between passages that support the sentence equally well.
 */
import { faultsOf, readClaims } from './claims.ts'
import type { ClaimedStatement, LiteralFault } from './claims.ts'
import { sharedTerms } from './claims-binding.ts'
import { areSynonyms } from './claims-synonyms.ts'
import { unitOf } from './claims-units.ts'
import type { Word } from './claims-words.ts'
import { literalsOf } from './claims-literals.ts'
import { createStatementReader } from './claims-statement.ts'
import type { Clause, ReadStatement, Statement } from './claims-statement.ts'
import { turnsOpposite } from './polarity-opposites.ts'
import { turnsNegation } from './polarity.ts'
import { cosine } from './source-chunk.ts'
import type { SourceChunk } from './source-chunk.ts'
import { splitSentences } from './split-sentences.ts'
import { contentTerms } from './terms.ts'
import { collapseWhitespace } from './text-span.ts'
import type { TextSpan } from './text-span.ts'
import { shortfallsOf, verificationThresholds } from './thresholds.ts'
import type { Shortfall, VerificationThresholds } from './thresholds.ts'

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

export type VerificationFailure = LiteralFault | 'NEGATION' | 'OPPOSITE' | Shortfall

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

/** A sentence that speaks of something named before it; one word from there is enough. */
const pointsBack = /\b(?:it|its|they|them|their|this|these|those)\b/iu
/** Quotes that are read closely for one sentence: the most promising by shared words. */
const closelyReadQuotes = 16

export type VerifySentence = (
  sentence: SentenceToVerify,
  sources: readonly SourceChunk[],
  quoteVector?: (quote: string) => Float32Array | undefined,
) => SentenceSupport | null

/** @param options.thresholds for calibration; default: the calibrated ones */
export function createVerifySentence(options: { thresholds?: VerificationThresholds } = {}): VerifySentence {
  const { thresholds = verificationThresholds } = options
  const read = createStatementReader()

  /**
   * @param sources in the order of their markers
   * @param quoteVector unit vector of a quote, if the caller has it; without it similarity is not asked for
   * @returns the best support, verified or not; null when no source shares a content word with the sentence
   */
  return (sentence, sources, quoteVector) => {
    const claim = readClaim(sentence, read)
    let best: SentenceSupport | null = null
    let bestScore = -Infinity
    for (const candidate of candidatesOf(claim, sources).slice(0, closelyReadQuotes)) {
      const { source, marker, span, quote, promise } = candidate
      const context = [source.documentTitle ?? '', ...source.headings].join('. ')
      const { coverage, failures } = holdAgainst({ claim, quote, context, quoteVector, thresholds, read })
      if (coverage === 0) continue
      const score = (failures.length === 0 ? 10 : 0) - failures.length + promise
      if (score <= bestScore) continue
      bestScore = score
      best = {
        chunkId: source.id,
        documentId: source.documentId,
        marker,
        span: {
          startOffset: source.startOffset + span.startOffset,
          endOffset: source.startOffset + span.endOffset,
        },
        quote,
        isVerified: failures.length === 0,
        coverage,
        agreesWithMarker: claim.markers.length === 0 ? null : claim.markers.includes(marker),
        failures,
      }
      // The rest promises less.
      if (failures.length === 0) break
    }
    return best
  }
}

type Claim = ReturnType<typeof readClaim>

function readClaim(sentence: SentenceToVerify, read: ReadStatement) {
  const text = collapseWhitespace(sentence.text)
  return {
    text,
    markers: sentence.markers ?? [],
    terms: contentTerms(text),
    claims: readClaims(read(text)),
    vector: sentence.vector,
  }
}

type Candidate = {
  source: SourceChunk
  marker: number
  /** Into the text of the source. */
  span: TextSpan
  quote: string
  /** Higher is better: shared words, brevity, and the marker to break ties. */
  promise: number
}

function candidatesOf(claim: Claim, sources: readonly SourceChunk[]): Candidate[] {
  const candidates: Candidate[] = []
  for (const [index, source] of sources.entries()) {
    const marker = index + 1
    const spans = splitSentences(source.text)
    const texts = spans.map((span) => source.text.slice(span.startOffset, span.endOffset))
    const shares = texts.map((text) => inBoth(claim.terms, contentTerms(text)))
    for (const [first, start] of spans.entries()) {
      for (let last = first; last < Math.min(spans.length, first + longestQuoteSentences); last += 1) {
        const end = spans[last]
        if (end === undefined) break
        // A quote is as short as it can be: each of its sentences must add words, or a number could be borrowed from a neighbour.
        const parts = shares.slice(first, last + 1)
        const least = texts.slice(first + 1, last + 1).some((text) => pointsBack.test(text))
          ? 1
          : wordsPerQuotedSentence
        if (parts.length > 1 && contributingParts(parts, least).length < parts.length) continue
        const shared = new Set(parts.flatMap((part) => [...part]))
        if (shared.size === 0) continue
        const agrees = claim.markers.includes(marker)
        candidates.push({
          source,
          marker,
          span: { startOffset: start.startOffset, endOffset: end.endOffset },
          quote: source.text.slice(start.startOffset, end.endOffset),
          promise: (shared.size / claim.terms.size) * 3 - (last - first) * 0.15 + (agrees ? 0.1 : 0),
        })
      }
    }
  }
  return candidates.sort((left, right) => right.promise - left.promise)
}

function inBoth(terms: ReadonlySet<string>, others: ReadonlySet<string>): Set<string> {
  return new Set([...terms].filter((term) => others.has(term)))
}

function holdAgainst(options: {
  claim: Claim
  quote: string
  context: string
  quoteVector: ((quote: string) => Float32Array | undefined) | undefined
  thresholds: VerificationThresholds
  read: ReadStatement
}): { coverage: number; failures: VerificationFailure[] } {
  const { claim, quoteVector, thresholds, read } = options
  const quote = collapseWhitespace(options.quote)
  if (quote === claim.text) return { coverage: 1, failures: [] }
  const source = readClaims(read(quote))
  const context = read(options.context)
  const said = claim.claims.statement
  const coverage = coverageOf(claim.claims, source.statement)
  if (coverage === 0) return { coverage, failures: ['COVERAGE'] }
  const contributing = contributingClauses(said, source.statement)
  const failures: VerificationFailure[] = faultsOf(claim.claims, source, contributing, context)
  if (turnsNegation(said, source.statement, contributing)) failures.push('NEGATION')
  if (turnsOpposite(claim.claims, source, contributing)) failures.push('OPPOSITE')
  const vector = claim.vector === undefined ? undefined : quoteVector?.(quote)
  const similarity = claim.vector === undefined || vector === undefined ? null : cosine(claim.vector, vector)
  failures.push(...shortfallsOf(coverage, similarity, thresholds))
  return { coverage, failures }
}

/** Share of the content words of the claim that the source holds; numbers, dates and how often are compared literally instead. */
function coverageOf(claim: ClaimedStatement, source: Statement): number {
  const { statement } = claim
  const literal = literalWordsOf(claim)
  const words = statement.words.filter((word) => word.isContent && !literal.has(word))
  const all = words.length === 0 ? statement.words.filter((word) => !word.isContent || literal.has(word)) : words
  const stated = new Set([...source.terms, ...source.words.map((word) => word.term)])
  const isStated = (term: string): boolean => stated.has(term) || [...stated].some((other) => areSynonyms(term, other))
  const terms = new Map(all.map((word) => [word.term, word]))
  if (terms.size === 0) return 0
  const covered = [...terms].filter(
    ([, word]) =>
      word.terms.some((term) => !word.parts.includes(term) && isStated(term)) ||
      (word.parts.length > 1 && word.parts.every(isStated)),
  )
  return covered.length / terms.size
}

function literalWordsOf({ statement, quantities, dates }: ClaimedStatement): Set<Word> {
  return new Set([
    ...quantities.flatMap((quantity) => [...quantity.words, ...quantity.boundWords]),
    ...literalsOf(statement).map(({ word }) => word),
    ...statement.words.filter(
      (word) =>
        unitOf(word.lower, false) !== null ||
        dates.some((date) => word.startOffset < date.endOffset && word.endOffset > date.startOffset),
    ),
  ])
}

function contributingClauses(claim: Statement, source: Statement): Clause[] {
  const shares = source.clauses.map(
    ({ words }) =>
      new Set(words.filter((word) => word.isContent && claim.terms.has(word.term)).map((word) => word.term)),
  )
  const chosen = new Set(contributingParts(shares, 1))
  // A clause that adds no word of its own may still be the one that a clause of the claim repeats.
  for (const claimed of claim.clauses) {
    const scores = source.clauses.map((stated) => sharedTerms(claimed, claim, stated, source, new Set()))
    const best = Math.max(0, ...scores)
    for (const [index, score] of scores.entries()) if (best > 0 && score === best) chosen.add(index)
  }
  return source.clauses.filter(({ index }) => chosen.has(index))
}

/**
 * The parts (clauses, sentences) that the claim takes its words from: the one that shares most, then each that adds at
 * least `least` words which are no numbers. What a claim has nothing from can neither carry nor refute it.
 *
 * @param shares the terms that each part has in common with the claim
 * @returns indices in ascending order
 */
function contributingParts(shares: readonly ReadonlySet<string>[], least: number): number[] {
  const words = shares.map((shared) => new Set([...shared].filter((term) => !/\d/u.test(term))))
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
  return [...chosen].sort((left, right) => left - right)
}
