/**
 * An answer made of the documents' own words: at most three sentences and 400 characters, each a slice of the stored
 * text. Nothing is written that is not quoted, so every citation of such an answer is verified by construction.
 */
import type { AnswerVerdict, Evidence, ScoredSentence } from './gather-evidence.ts'
import { numberClaims } from './claims.ts'
import { contentTerms } from './terms.ts'
import { characterBoundary, collapseWhitespace, trimSpan } from './text-span.ts'

export type ExtractedSentence = {
  /** As shown: the quote with white space collapsed and a list bullet left out. */
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

export function composeExtractiveAnswer(evidence: Evidence, options: ComposeOptions = {}): ExtractiveAnswer {
  const { sentenceLimit = 3, lengthLimit = 400 } = options
  if (!evidence.isInDocuments) return { verdict: 'NOT_IN_DOCUMENTS', sentences: [] }
  const chosen: ExtractedSentence[] = []
  const used: ScoredSentence[] = []
  let left = lengthLimit
  for (const sentence of evidence.sentences) {
    if (chosen.length === sentenceLimit) break
    if (
      used.length > 0 &&
      (sentence.score < evidence.probability * 0.3 || used.some((other) => isRepetition(other, sentence)))
    )
      continue
    const extracted = extract(sentence, left)
    if (extracted === null) continue
    chosen.push(extracted)
    used.push(sentence)
    left -= extracted.text.length + 1
  }
  if (chosen.length === 0) return { verdict: 'NOT_IN_DOCUMENTS', sentences: [] }
  return { verdict: verdictOf(evidence, used), sentences: chosen }
}

function extract(sentence: ScoredSentence, room: number): ExtractedSentence | null {
  const { span, quote } = sentence
  let { startOffset, endOffset } = span
  let kept = quote
  const bullet = /^(?:[-*+•‣◦–]\s+)/u.exec(kept)
  if (bullet !== null) {
    startOffset += bullet[0].length
    kept = kept.slice(bullet[0].length)
  }
  let text = collapseWhitespace(kept)
  if (text.length > room) {
    if (room < 120) return null
    const cut = trimSpan(kept, 0, characterBoundary(kept, lastSpaceBefore(kept, room)))
    if (cut === null) return null
    kept = kept.slice(0, cut.endOffset)
    endOffset = startOffset + kept.length
    text = collapseWhitespace(kept)
  }
  return {
    text,
    quote: kept,
    chunkId: sentence.chunk.id,
    documentId: sentence.chunk.documentId,
    startOffset,
    endOffset,
    score: sentence.score,
  }
}

function lastSpaceBefore(text: string, limit: number): number {
  const match = /\s\S*$/u.exec(text.slice(0, limit))
  return match === null ? limit : match.index
}

/** Two sentences that share most of their words say the same. */
function isRepetition(left: ScoredSentence, right: ScoredSentence): boolean {
  const leftTerms = contentTerms(left.text)
  const rightTerms = contentTerms(right.text)
  const shared = [...leftTerms].filter((term) => rightTerms.has(term)).length
  return shared / Math.max(1, Math.min(leftTerms.size, rightTerms.size)) > 0.8
}

function verdictOf(evidence: Evidence, used: readonly ScoredSentence[]): AnswerVerdict {
  if (isConflict(used)) return 'CONFLICTING'
  const words = new Set(
    used.flatMap((sentence) => [...contentTerms(`${sentence.context} ${sentence.leadIn} ${sentence.text}`)]),
  )
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
    if (other.chunk.documentId === first.chunk.documentId) return false
    const theirs = numberClaims(other.text)
    if (theirs.length !== 1 || theirs[0]?.unit !== numbers[0]?.unit || theirs[0]?.value === numbers[0]?.value)
      return false
    const leftTerms = [...contentTerms(first.text)].filter((term) => !/\d/u.test(term))
    const rightTerms = contentTerms(other.text)
    return leftTerms.filter((term) => rightTerms.has(term)).length / Math.max(1, leftTerms.length) > 0.7
  })
}
