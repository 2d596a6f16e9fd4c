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

/** A passage as a model reads it: the context, a full stop, and the sentences with spaces between them. */
export type PassageForModel = { context: string; sentences: readonly string[] }

/** What a cross-encoder made of a question and a passage. */
export type Reading = {
  /** Relevance by a cross-encoder trained on MS MARCO passages, as a logit (no sigmoid). */
  score: number
  /** Log-odds of heads fitted for answering; 0 where a model has none: the passage holds the answer … */
  answering: number
  /** … the question can be answered … */
  answerability: number
  /** … and each sentence is the answer. */
  sentences: readonly number[]
}

/** One reading a passage, in their order. What is fitted here is fitted on the first eight layers of ms-marco-MiniLM-L-12-v2 and its heads. */
export type Rerank = (
  question: string,
  passages: readonly PassageForModel[],
  signal: AbortSignal,
) => Promise<readonly Reading[]>

export function cosine(left: Float32Array, right: Float32Array): number {
  let sum = 0
  for (let index = 0; index < left.length; index += 1) sum += (left[index] ?? 0) * (right[index] ?? 0)
  return sum
}
