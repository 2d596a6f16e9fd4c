// From a document's text to everything it contributes to the graph. Two passes: read all sentences and count how words
// are written, then decide on names with those counts. Pure and deterministic, given a tagger and a name typer that are.
import { createCaseStatistics } from './case-statistics.ts'
import { findCoMentions, type SentenceEntities } from './co-mentions.ts'
import { nameOf, type TypeOfName } from './document-names.ts'
import type { DocumentContributions, EntityContribution, EntityKey, Span } from './entity.ts'
import { type CandidateSentence, findNameCandidates, isCapitalExpectedAt } from './name-candidates.ts'
import { findPatterns, type PatternMatch } from './patterns.ts'
import { piecesOf } from './pieces.ts'
import { createNameTypes } from './name-types.ts'
import type { TagText } from './tagged-text.ts'
import { type Word, wordsOf } from './words.ts'

/** A block of Document.text; in `code` only addresses and dates are looked for, in a `heading` capitals prove nothing. */
export interface TextBlock extends Span {
  kind: 'heading' | 'paragraph' | 'list-item' | 'table' | 'code'
}

export interface ExtractContributionsOptions {
  text: string
  /** Ordered and without overlap. */
  blocks: TextBlock[]
  tagText: TagText
  typeOfName: TypeOfName
}

/** The same, wherever it is run. Throws CANCELLED when the signal is aborted. */
export type ExtractDocument = (
  document: { text: string; blocks: TextBlock[] },
  signal: AbortSignal,
) => Promise<DocumentContributions>

interface ReadSentence extends CandidateSentence {
  patterns: PatternMatch[]
}

interface FoundMention extends EntityKey, Span {
  name: string
}

/** Entities in order of normal name and type, mentions in order of their place. */
export function extractContributions(options: ExtractContributionsOptions): DocumentContributions {
  const statistics = createCaseStatistics()
  const sentences = options.blocks.flatMap((block) =>
    piecesOf(options.text, block).flatMap((piece) => readPiece(piece, block)),
  )
  const types = createNameTypes(options.typeOfName)
  const named = sentences.map((sentence) => ({
    ...sentence,
    names: sentence.candidates.flatMap((candidate) => nameOf(candidate, statistics, types.ofName) ?? []),
  }))
  for (const { names } of named) for (const { name } of names) types.learn(name)
  return assemble(
    named.map(({ startOffset, endOffset, names, patterns }) => ({
      startOffset,
      endOffset,
      mentions: [...patterns, ...names.map((found) => ({ ...found, type: types.inDocument(found.name) }))],
    })),
  )

  function readPiece(piece: Span, block: TextBlock): ReadSentence[] {
    const text = options.text.slice(piece.startOffset, piece.endOffset)
    const patterns = findPatterns(text).map((match) => moved(match, piece.startOffset))
    if (block.kind === 'code') {
      return patterns.map((match) => ({
        startOffset: match.startOffset,
        endOffset: match.endOffset,
        candidates: [],
        patterns: [match],
      }))
    }
    const read = options.tagText(text).map((sentence): ReadSentence => {
      const span = moved(sentence, piece.startOffset)
      const inSentence = patterns.filter(
        (match) => match.startOffset >= span.startOffset && match.startOffset < span.endOffset,
      )
      const words = wordsOf(sentence.tokens)
        .map((word) => moved(word, piece.startOffset))
        .map((word): Word => (inSentence.some((match) => overlaps(match, word)) ? { ...word, kind: 'other' } : word))
      const isHeading = block.kind === 'heading'
      statistics.count(words, isCapitalExpectedAt(words, isHeading))
      return {
        startOffset: span.startOffset,
        endOffset: span.endOffset,
        candidates: findNameCandidates(words, isHeading),
        patterns: inSentence,
      }
    })
    return read.filter((sentence) => sentence.candidates.length > 0 || sentence.patterns.length > 0)
  }
}

function assemble(sentences: (Span & { mentions: FoundMention[] })[]): DocumentContributions {
  const groups = Map.groupBy(
    sentences.flatMap((sentence) => sentence.mentions),
    keyText,
  )
  const keys = [...groups.keys()].sort()
  const indexOf = new Map(keys.map((key, index) => [key, index]))
  return {
    entities: keys.map((key) => toEntity(groups.get(key) ?? [])),
    coMentions: findCoMentions(
      sentences.map(({ startOffset, endOffset, mentions }): SentenceEntities => ({
        startOffset,
        endOffset,
        entityIndexes: mentions.map((mention) => indexOf.get(keyText(mention)) as number),
      })),
    ),
  }
}

function toEntity(mentions: FoundMention[]): EntityContribution {
  const { type, normalizedName } = mentions[0] as FoundMention
  const spans = mentions.map(({ startOffset, endOffset }) => ({ startOffset, endOffset }))
  return { type, normalizedName, name: mostFrequent(mentions.map(({ name }) => name)), mentions: spans }
}

/** Of equally frequent names the first in code unit order, so that the order of reading makes no difference. */
function mostFrequent(names: string[]): string {
  const counts = [...Map.groupBy(names, (name) => name)].map(([name, all]) => ({ name, count: all.length }))
  counts.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
  return counts[0]?.name ?? ''
}

function keyText({ type, normalizedName }: EntityKey): string {
  return `${normalizedName}\t${type}`
}

function moved<S extends Span>(span: S, by: number): S {
  return { ...span, startOffset: span.startOffset + by, endOffset: span.endOffset + by }
}

function overlaps(a: Span, b: Span): boolean {
  return a.startOffset < b.endOffset && b.startOffset < a.endOffset
}
