// Two entities are related when a sentence names both; how many sentences do is the weight. Nothing more is claimed.
import type { CoMentionContribution, Span } from './entity.ts'

/**
 * A sentence with more different entities than this is a list or a table row run together: standing in it says nothing
 * about any two of them, and the pairs would grow with the square.
 */
export const maximumEntitiesPerSentence = 12

export interface SentenceEntities extends Span {
  /** Indexes of the document's entities; duplicates are allowed. */
  entityIndexes: number[]
}

/** Pairs in order of their source and target index, each with its sentences in document order. */
export function findCoMentions(sentences: SentenceEntities[]): CoMentionContribution[] {
  const pairs = new Map<string, CoMentionContribution>()
  for (const { startOffset, endOffset, entityIndexes } of sentences) {
    const distinct = [...new Set(entityIndexes)].sort((a, b) => a - b)
    if (distinct.length > maximumEntitiesPerSentence) continue
    for (const [position, sourceIndex] of distinct.entries()) {
      for (const targetIndex of distinct.slice(position + 1)) {
        const key = `${sourceIndex} ${targetIndex}`
        const pair = pairs.get(key) ?? { sourceIndex, targetIndex, sentences: [] }
        pair.sentences.push({ startOffset, endOffset })
        pairs.set(key, pair)
      }
    }
  }
  return [...pairs.values()].sort((a, b) => a.sourceIndex - b.sourceIndex || a.targetIndex - b.targetIndex)
}
