/**
 * An answer made of the documents' own words: at most three sentences and 400 characters, each a slice of the stored
 * text. Nothing is written that is not quoted, so every citation of such an answer is verified by construction.
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

/** A further sentence is added only if it is at least this share as likely as the best one. */
const leastShare = 0.2
/** Of a sentence that is too long a part of at least this many characters is worth showing. */
const leastPart = 120

export function composeExtractiveAnswer(evidence: Evidence, options: ComposeOptions = {}): ExtractiveAnswer {
  const { sentenceLimit = 3, lengthLimit = 400 } = options
  if (!evidence.isInDocuments) return { verdict: 'NOT_IN_DOCUMENTS', sentences: [] }
  const chosen: { sentence: ScoredSentence; extracted: ExtractedSentence }[] = []
  let left = lengthLimit
  const best = evidence.sentences[0]?.probability ?? 0

  const add = (sentence: ScoredSentence, mayCut: boolean): boolean => {
    if (chosen.length === sentenceLimit || chosen.some((other) => isRepetition(other.sentence, sentence))) return false
    const extracted = extract(sentence, left, mayCut)
    if (extracted === null) return false
    chosen.push({ sentence, extracted })
    left -= extracted.text.length + 1
    return true
  }

  for (const sentence of evidence.sentences) {
    if (chosen.length > 0 && sentence.probability < best * leastShare) break
    if (sentence.features.emptiness === 1 && !sentence.announces) continue
    if (!add(sentence, chosen.length === 0)) continue
    // What it points back to, and what it announces, make it understood.
    const partner = partnerOf(sentence, evidence.sentences)
    if (partner !== undefined && chosen.length < sentenceLimit) add(partner, false)
  }
  if (chosen.length === 0) return { verdict: 'NOT_IN_DOCUMENTS', sentences: [] }
  const used = chosen.map((entry) => entry.sentence)
  return { verdict: verdictOf(evidence, used), sentences: inReadingOrder(chosen.map((entry) => entry.extracted)) }
}

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

function extract(sentence: ScoredSentence, room: number, mayCut: boolean): ExtractedSentence | null {
  let { startOffset, endOffset } = sentence.span
  let quote = sentence.quote
  const bullet = /^[-*+•‣◦–]\s+/u.exec(quote)?.[0] ?? ''
  startOffset += bullet.length
  quote = quote.slice(bullet.length)
  let text = collapseWhitespace(quote)
  if (text.length > room) {
    if (!mayCut || room < leastPart) return null
    const cut = trimSpan(quote, 0, characterBoundary(quote, quote.slice(0, room).search(/\s\S*$/u)))
    if (cut === null) return null
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
  if (
    left.span.startOffset === right.span.startOffset &&
    left.passage.chunk.documentId === right.passage.chunk.documentId
  )
    return true
  const leftTerms = contentTerms(left.text)
  const rightTerms = contentTerms(right.text)
  const shared = [...leftTerms].filter((term) => rightTerms.has(term)).length
  return shared / Math.max(1, Math.min(leftTerms.size, rightTerms.size)) > 0.85
}

function verdictOf(evidence: Evidence, used: readonly ScoredSentence[]): AnswerVerdict {
  if (isConflict(used)) return 'CONFLICTING'
  const words = contentTerms(used.map((sentence) => `${sentence.passage.context} ${sentence.text}`).join(' '))
  const unanswered = evidence.question.parts.filter((part) => {
    const terms = [...contentTerms(part)]
    return terms.filter((term) => words.has(term)).length / Math.max(1, terms.length) < 0.34
  })
  return evidence.question.parts.length > 1 && unanswered.length > 0 ? 'PARTIAL' : 'ANSWERED'
}

/** Two documents say the same sentence with different numbers. */
function isConflict(used: readonly ScoredSentence[]): boolean {
  const [first, ...others] = used
  if (first === undefined) return false
  const numbers = numberClaims(first.text)
  if (numbers.length !== 1) return false
  return others.some((other) => {
    if (other.passage.chunk.documentId === first.passage.chunk.documentId) return false
    const theirs = numberClaims(other.text)
    if (theirs.length !== 1 || theirs[0]?.unit !== numbers[0]?.unit || theirs[0]?.value === numbers[0]?.value)
      return false
    const leftTerms = [...contentTerms(first.text)].filter((term) => !/\d/u.test(term))
    const rightTerms = contentTerms(other.text)
    return leftTerms.filter((term) => rightTerms.has(term)).length / Math.max(1, leftTerms.length) > 0.7
  })
}
