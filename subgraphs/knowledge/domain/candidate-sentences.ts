/**
 * The sentences of the retrieved chunks that could be an answer, each with the passage it is read in: the words before
 * it that it leans on ("It", "This file", the line that ended in a colon) and the headings above it.
 */
import { contextLine } from './index-text.ts'
import type { SourceChunk } from './source-chunk.ts'
import { splitSentences } from './split-sentences.ts'
import { collapseWhitespace } from './text-span.ts'
import type { TextSpan } from './text-span.ts'

export type CandidateSentence = {
  chunk: SourceChunk
  /** Place of its chunk among the candidates, from 0. */
  chunkIndex: number
  /** Place in its chunk, from 0. */
  index: number
  /** Into Document.text. */
  span: TextSpan
  /** Exactly the stored text at `span`. */
  quote: string
  /** The quote with white space collapsed. */
  text: string
  /** Text before it that it cannot be understood without; empty when it stands alone. */
  leadIn: string
  /** The sentence after it, for what it announces; empty at the end of the chunk. */
  next: string
  /** Title and headings. */
  context: string
}

/** Sentences shorter than this are labels, not statements. */
const shortestSentence = 12

export function candidateSentences(chunks: readonly SourceChunk[]): CandidateSentence[] {
  return chunks.flatMap((chunk, chunkIndex) => {
    const context = contextLine(chunk.documentTitle, chunk.headings, 160)
    const spans = splitSentences(chunk.text)
    const texts = spans.map((span) => collapseWhitespace(chunk.text.slice(span.startOffset, span.endOffset)))
    return spans.flatMap((span, index) => {
      const text = texts[index] ?? ''
      if (text.length < shortestSentence || !/\p{L}{2}/u.test(text)) return []
      return [
        {
          chunk,
          chunkIndex,
          index,
          span: { startOffset: chunk.startOffset + span.startOffset, endOffset: chunk.startOffset + span.endOffset },
          quote: chunk.text.slice(span.startOffset, span.endOffset),
          text,
          leadIn: leadIn(texts, index),
          next: texts[index + 1] ?? '',
          context,
        },
      ]
    })
  })
}

/** A sentence that opens with a pronoun or a connective continues the one before it; a list item continues what announced the list. */
const dependentOpening =
  /^(?:["“(]?)(?:it|its|this|these|that|those|they|their|them|he|she|such|so|then|thus|therefore|hence|otherwise|however|instead|also|but|and|or|in this case|in that case|if it|if so|if this|the (?:former|latter|same)|both|neither|each|one|see)\b/iu

function leadIn(texts: readonly string[], index: number): string {
  const previous = texts[index - 1]
  if (previous === undefined) return ''
  const announcement = lastAnnouncement(texts, index)
  if (announcement !== null) return announcement
  return dependentOpening.test(texts[index] ?? '') || previous.endsWith(':') ? previous : ''
}

/** The line ending in a colon above a list item, over its neighbouring items. */
function lastAnnouncement(texts: readonly string[], index: number): string | null {
  if (!isItem(texts[index] ?? '')) return null
  for (let above = index - 1; above >= Math.max(0, index - 12); above -= 1) {
    const text = texts[above] ?? ''
    if (text.endsWith(':')) return text
  }
  return null
}

function isItem(text: string): boolean {
  return /^(?:[-*+•‣◦–]\s|\(?\w{1,3}[.)]\s|\|)/u.test(text) || text.length < 120
}

/** What a model reads to judge the sentence. */
export function passageOf(candidate: CandidateSentence, includesContext = true): string {
  const body = [candidate.leadIn, candidate.text].filter((part) => part !== '').join(' ')
  return includesContext && candidate.context !== '' ? `${candidate.context}. ${body}` : body
}
