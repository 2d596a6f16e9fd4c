/** A chunk as retrieval hands it to answering: its exact text, where it stands, and how the two searches ranked it. */
export type SourceChunk = {
  id: string
  documentId: string
  documentTitle: string | null
  /** Outermost first. */
  headings: readonly string[]
  page?: number | undefined
  /** Exactly `Document.text.slice(startOffset, endOffset)`. */
  text: string
  startOffset: number
  endOffset: number
  /** Rank from 1 in the dense and in the full-text result; null where that search did not return it. */
  denseRank: number | null
  lexicalRank: number | null
  /** Cosine of question and chunk, −1 to 1; null when the search had no vectors. */
  denseSimilarity: number | null
}

/**
 * Relevance of each passage to the question, in their order: the raw output (logit, no sigmoid) of a cross-encoder
 * trained on MS MARCO passages. Thresholds in this folder are calibrated on ms-marco-MiniLM-L-12-v2.
 */
export type Rerank = (question: string, passages: readonly string[], signal: AbortSignal) => Promise<readonly number[]>

export function cosine(left: Float32Array, right: Float32Array): number {
  let sum = 0
  for (let index = 0; index < left.length; index += 1) sum += (left[index] ?? 0) * (right[index] ?? 0)
  return sum
}
