/**
 * An answer made of the documents' own words: at most three sentences and 400 characters, each a slice of the stored
 * text. Nothing is written that is not quoted, so every citation of such an answer is verified by construction.
 *
 * Which sentences: those that together hold the answer most probably and fit (a knapsack; small enough to try every choice).
 * What makes a sentence understood goes with it: the one it points back to, or the one it announces.
 */
import { numberClaims } from './claims.ts'
import type { Evidence, ScoredSentence } from './gather-evidence.ts'
import { contentTerms } from './terms.ts'
import { characterBoundary, collapseWhitespace, trimSpan } from './text-span.ts'

export type AnswerVerdict = 'ANSWERED' | 'PARTIAL' | 'CONFLICTING' | 'NOT_IN_DOCUMENTS'

export type ExtractedSentence = {
  /** As shown: the quote with white space collapsed. */
  text: string
  /** Exactly the stored text at the span. */
  quote: string
  chunkId: string
  documentId: string
  /** Into Document.text. */
  startOffset: number
  endOffset: number
  score: number
}

export type ExtractiveAnswer = { verdict: AnswerVerdict; sentences: ExtractedSentence[] }

export type ComposeOptions = {
  /** Default 3. */
  sentenceLimit?: number
  /** Characters of all sentences together, with the spaces between them. Default 400. */
  lengthLimit?: number
}

/** A sentence is considered only if it is at least this share as likely as the best one for some part of the question … */
const leastShare = 0.1
/** … and among the first so many. */
const candidateLimit = 14
/** What a part counts of which no sentence is chosen. */
const leastProbability = 0.05
/** Of a sentence that is too long a part of at least this many characters is worth showing. */
const leastPart = 120

export function composeExtractiveAnswer(evidence: Evidence, options: ComposeOptions = {}): ExtractiveAnswer {
  const { sentenceLimit = 3, lengthLimit = 400 } = options
  if (!evidence.isInDocuments) return { verdict: 'NOT_IN_DOCUMENTS', sentences: [] }
  const units = unitsOf(evidence.sentences, sentenceLimit, lengthLimit)
  const used = bestChoice(units, sentenceLimit, lengthLimit)
  const extracted = used.flatMap((sentence) => extract(sentence, lengthLimit) ?? [])
  if (extracted.length === 0) return { verdict: 'NOT_IN_DOCUMENTS', sentences: [] }
  return { verdict: verdictOf(evidence, used), sentences: inReadingOrder(extracted) }
}

/** A sentence, or a sentence with the one that makes it understood; the likelier one first. */
type Unit = { sentences: ScoredSentence[]; length: number }

function unitsOf(all: readonly ScoredSentence[], sentenceLimit: number, lengthLimit: number): Unit[] {
  const candidates: ScoredSentence[] = []
  const best = (all[0]?.shares ?? []).map((_, part) => Math.max(...all.map(({ shares }) => shares[part] ?? 0)))
  for (const sentence of all) {
    if (candidates.length === candidateLimit) break
    if (sentence.shares.every((share, part) => share === 0 || share < (best[part] ?? 0) * leastShare)) continue
    if (sentence.features.emptiness === 1 && !sentence.announces) continue
    if (!candidates.some((other) => isRepetition(other, sentence))) candidates.push(sentence)
  }
  return candidates.map((sentence) => {
    // One sentence alone is shortened to fit.
    const alone = { sentences: [sentence], length: Math.min(sentence.text.length, lengthLimit) }
    const partner = partnerOf(sentence, all)
    if (partner === undefined || sentenceLimit < 2) return alone
    const length = sentence.text.length + 1 + partner.text.length
    return length > lengthLimit ? alone : { sentences: [sentence, partner], length }
  })
}

/** The sentences of the units that fit and most probably hold the answer, those of the likeliest unit first. */
function bestChoice(units: readonly Unit[], sentenceLimit: number, lengthLimit: number): ScoredSentence[] {
  let best: ScoredSentence[] = []
  let bestProbability = 0
  const extend = (from: number, chosen: readonly Unit[], length: number): void => {
    const sentences = chosen.flatMap((unit) => unit.sentences)
    const probability = probabilityOfAll(sentences)
    if (probability > bestProbability) {
      bestProbability = probability
      best = sentences
    }
    for (let index = from; index < units.length; index += 1) {
      const unit = units[index]
      if (unit === undefined) break
      const longer = length + unit.length + (chosen.length === 0 ? 0 : 1)
      if (sentences.length + unit.sentences.length > sentenceLimit || longer > lengthLimit) continue
      if (!chosen.some((other) => sharesSentence(other, unit))) extend(index + 1, [...chosen, unit], longer)
    }
  }
  extend(0, [], 0)
  return best
}

/**
 * That they hold the answer of every part. For one part its sentences exclude each other, so their shares add up. What is not found of a
 * part must not make the choice of the others meaningless, so nothing counts as quite impossible.
 */
function probabilityOfAll(sentences: readonly ScoredSentence[]): number {
  const parts = sentences[0]?.shares ?? []
  return parts.reduce(
    (product, _, part) =>
      product * (leastProbability + sentences.reduce((sum, { shares }) => sum + (shares[part] ?? 0), 0)),
    sentences.length === 0 ? 0 : 1,
  )
}

/** Candidates do not repeat each other; what one of them brings along may be another. */
const sharesSentence = (left: Unit, right: Unit): boolean =>
  left.sentences.some((own) => right.sentences.some((other) => isSame(own, other)))

const isSame = (left: ScoredSentence, right: ScoredSentence): boolean =>
  left.span.startOffset === right.span.startOffset && left.passage.chunk.documentId === right.passage.chunk.documentId

function partnerOf(sentence: ScoredSentence, all: readonly ScoredSentence[]): ScoredSentence | undefined {
  const siblings = sentence.passage.sentences
  const index = siblings.findIndex((other) => other.span.startOffset === sentence.span.startOffset)
  const next = siblings[index + 1]
  // "The command to log in" is followed by the command: a short line after a line without an end belongs to it.
  const isContinued = next !== undefined && next.text.length <= 80 && !/[.!?]["”’)]*$/u.test(sentence.text)
  const partner = sentence.leansBack ? siblings[index - 1] : sentence.announces || isContinued ? next : undefined
  if (partner === undefined) return undefined
  return all.find(
    (other) =>
      other.span.startOffset === partner.span.startOffset && other.passage.chunk.id === sentence.passage.chunk.id,
  )
}

/** Sentences of one chunk stand together in their order; the chunk of the best sentence comes first. */
function inReadingOrder(sentences: readonly ExtractedSentence[]): ExtractedSentence[] {
  const chunks = [...new Set(sentences.map((sentence) => sentence.chunkId))]
  return sentences.toSorted(
    (left, right) =>
      chunks.indexOf(left.chunkId) - chunks.indexOf(right.chunkId) || left.startOffset - right.startOffset,
  )
}

function extract(sentence: ScoredSentence, room: number): ExtractedSentence | null {
  let { startOffset, endOffset } = sentence.span
  let quote = sentence.quote
  const bullet = /^[-*+•‣◦–]\s+/u.exec(quote)?.[0] ?? ''
  startOffset += bullet.length
  quote = quote.slice(bullet.length)
  let text = collapseWhitespace(quote)
  if (text.length > room) {
    const cut = trimSpan(quote, 0, characterBoundary(quote, quote.slice(0, room).search(/\s\S*$/u)))
    if (cut === null || cut.endOffset < leastPart) return null
    quote = quote.slice(0, cut.endOffset)
    endOffset = startOffset + quote.length
    text = collapseWhitespace(quote)
  }
  const { chunk } = sentence.passage
  return {
    text,
    quote,
    chunkId: chunk.id,
    documentId: chunk.documentId,
    startOffset,
    endOffset,
    score: sentence.probability,
  }
}

/** Two sentences that share most of their words say the same. */
function isRepetition(left: ScoredSentence, right: ScoredSentence): boolean {
  if (isSame(left, right)) return true
  const leftTerms = contentTerms(left.text)
  const rightTerms = contentTerms(right.text)
  const shared = [...leftTerms].filter((term) => rightTerms.has(term)).length
  return shared / Math.max(1, Math.min(leftTerms.size, rightTerms.size)) > 0.85
}

function verdictOf(evidence: Evidence, used: readonly ScoredSentence[]): AnswerVerdict {
  if (isConflict(used)) return 'CONFLICTING'
  const isWhole = evidence.parts.every(({ isInDocuments, bestShare }, part) => {
    const isAnswer = (share: number): boolean => share > 0 && share >= bestShare * leastShare
    return isInDocuments && used.some(({ shares }) => isAnswer(shares[part] ?? 0))
  })
  return isWhole ? 'ANSWERED' : 'PARTIAL'
}

/** The part of the question that it most probably answers. */
const partOf = ({ shares }: ScoredSentence): number => shares.indexOf(Math.max(...shares))

/** Two documents say the same sentence with different numbers. */
function isConflict(used: readonly ScoredSentence[]): boolean {
  const [first, ...others] = used
  if (first === undefined) return false
  const numbers = numberClaims(first.text)
  if (numbers.length !== 1) return false
  return others.some((other) => {
    if (other.passage.chunk.documentId === first.passage.chunk.documentId) return false
    if (partOf(other) !== partOf(first)) return false
    const theirs = numberClaims(other.text)
    if (theirs.length !== 1 || theirs[0]?.unit !== numbers[0]?.unit || theirs[0]?.value === numbers[0]?.value)
      return false
    const leftTerms = [...contentTerms(first.text)].filter((term) => !/\d/u.test(term))
    const rightTerms = contentTerms(other.text)
    return leftTerms.filter((term) => rightTerms.has(term)).length / Math.max(1, leftTerms.length) > 0.7
  })
}
