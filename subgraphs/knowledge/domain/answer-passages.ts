/**
 * The passages of the retrieved chunks that could hold an answer: neighbouring sentences packed to the length of an
 * answer. A passage is the unit that a cross-encoder judges, because a single sentence of a manual rarely says what it
 * is about, and a whole chunk takes about twice the time.
 */
import { contextLine } from './index-text.ts'
import { isLabel } from './label.ts'
import type { PassageForModel, SourceChunk } from './source-chunk.ts'
import { splitSentences } from './split-sentences.ts'
import { contentTerms, contentTermsOf, tokenize } from './terms.ts'
import type { Token } from './terms.ts'
import { collapseWhitespace } from './text-span.ts'
import type { TextSpan } from './text-span.ts'

export type PassageSentence = {
  /** Into Document.text. */
  span: TextSpan
  /** Exactly the stored text at `span`. */
  quote: string
  /** The quote with white space collapsed. */
  text: string
  /** True when it opens with a word that points back ("It", "This file"): it is not understood without the one before. */
  leansBack: boolean
  /** True when it ends in a colon: what follows belongs to it. */
  announces: boolean
}

export type AnswerPassage = {
  chunk: SourceChunk
  /** Place of its chunk among the candidates, from 0. */
  chunkIndex: number
  sentences: PassageSentence[]
  /** The sentences joined by spaces. */
  text: string
  /** The two innermost headings, for the model that judges it. */
  context: string
  /** Of the text. */
  tokens: readonly Token[]
  /** Content terms of text and context. */
  terms: ReadonlySet<string>
}

/** Characters of a passage: those of an extractive answer. */
const passageLength = 400

/**
 * Leaves out chunks that repeat an earlier one: the same manual in two formats, or a notice in every document, would
 * otherwise take the places of half the candidates. Repeats share nearly all content words, though not their borders.
 *
 * @returns the first `limit` of those that are left
 */
export function distinctChunks<Chunk extends { text: string }>(chunks: readonly Chunk[], limit: number): Chunk[] {
  const kept: { chunk: Chunk; terms: ReadonlySet<string> }[] = []
  for (const chunk of chunks) {
    if (kept.length === limit) break
    const terms = contentTerms(chunk.text)
    const isRepeat = kept.some((other) => {
      const [smaller, larger] = terms.size < other.terms.size ? [terms, other.terms] : [other.terms, terms]
      const shared = [...smaller].filter((term) => larger.has(term)).length
      return smaller.size >= repeatedTerms && shared / smaller.size >= repeatedShare
    })
    if (!isRepeat) kept.push({ chunk, terms })
  }
  return kept.map((entry) => entry.chunk)
}

/** Fewer distinct content words than this are too few to call a chunk a repeat. */
const repeatedTerms = 12
const repeatedShare = 0.85

export function answerPassages(chunks: readonly SourceChunk[]): AnswerPassage[] {
  const seen = new Set<string>()
  return chunks.flatMap((chunk, chunkIndex) => {
    const sentences = sentencesOf(chunk).filter((sentence) => isNew(sentence.text, seen))
    const context = contextLine(null, chunk.headings.slice(-2), 60)
    const contextTerms = contentTerms(context)
    return pack(sentences).map((group) => {
      const text = group.map((sentence) => sentence.text).join(' ')
      const tokens = tokenize(text)
      const terms = new Set([...contentTermsOf(tokens), ...contextTerms])
      return { chunk, chunkIndex, sentences: group, text, context, tokens, terms }
    })
  })
}

/** What a model reads to judge the passage. */
export function passageForModel({ context, sentences }: AnswerPassage): PassageForModel {
  return { context, sentences: sentences.map(({ text }) => text) }
}

function sentencesOf(chunk: SourceChunk): PassageSentence[] {
  const spans = joinLabels(chunk.text, splitSentences(chunk.text))
  return spans.flatMap((span) => {
    const quote = chunk.text.slice(span.startOffset, span.endOffset)
    const text = collapseWhitespace(quote)
    if (!/\p{L}{2}/u.test(text)) return []
    return [
      {
        span: { startOffset: chunk.startOffset + span.startOffset, endOffset: chunk.startOffset + span.endOffset },
        quote,
        text,
        leansBack: backReference.test(text),
        announces: text.endsWith(':'),
      },
    ]
  })
}

/** A label is joined only if the whole still fits an answer. */
const joinedLength = 360
/** Lines among themselves are joined up to this length, so that three such sentences fit an answer. */
const linesLength = 130

/**
 * In a list of definitions the term stands on a line of its own above what is said about it, and so do the lines of an
 * example. None of them answers a question without its neighbours, so they are one sentence.
 */
function joinLabels(text: string, spans: readonly TextSpan[]): TextSpan[] {
  const joined: TextSpan[] = []
  let open: TextSpan | null = null
  for (const span of spans) {
    const isLine = isLabel(text.slice(span.startOffset, span.endOffset))
    const limit = isLine ? linesLength : joinedLength
    if (open !== null && span.endOffset - open.startOffset > limit) {
      joined.push(open)
      open = null
    }
    const whole: TextSpan = { startOffset: open?.startOffset ?? span.startOffset, endOffset: span.endOffset }
    open = isLine ? whole : null
    if (open === null) joined.push(whole)
  }
  if (open !== null) joined.push(open)
  return joined
}

const backReference =
  /^["“(]?(?:it|its|this|these|that|those|they|their|them|he|she|such|so|then|thus|therefore|hence|otherwise|however|instead|also|but|and|or|in (?:this|that|such a) case|if (?:it|so|this|not)|the (?:former|latter|same)|both|neither)\b/iu

/** Filled in order up to the length; a sentence that announces the next one is not left at the end. */
function pack(sentences: readonly PassageSentence[]): PassageSentence[][] {
  const groups: PassageSentence[][] = []
  let group: PassageSentence[] = []
  let length = 0
  for (const sentence of sentences) {
    if (group.length > 0 && length + sentence.text.length + 1 > passageLength) {
      const last = group.at(-1)
      const carried =
        last !== undefined && last.announces && group.length > 1 && last.text.length < passageLength / 2 ? [last] : []
      groups.push(carried.length === 0 ? group : group.slice(0, -1))
      group = carried
      length = carried.reduce((sum, entry) => sum + entry.text.length + 1, 0)
    }
    group.push(sentence)
    length += sentence.text.length + 1
  }
  if (group.length > 0) groups.push(group)
  return groups
}

/** The same manual in two formats, or a repeated notice, would fill the batch with one passage: the first one stays. */
function isNew(text: string, seen: Set<string>): boolean {
  const key = text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ')
  if (key.length > 30 && seen.has(key)) return false
  seen.add(key)
  return true
}
