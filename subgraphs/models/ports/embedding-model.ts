// A model that turns texts into unit vectors. Failures are those of model-errors.ts.

export interface EmbeddingLimits {
  /** Components of each vector. */
  dimensions: number
  /** Texts that are worth sending in one call. More are allowed: the adapter splits them. */
  maxBatch: number
  /** Tokens of one text that reach the vector. */
  contextLength: number
  /** What happens to a longer text: its beginning counts, or the call ends with CONTEXT_TOO_LONG. */
  overlongText: 'truncates' | 'refuses'
}

export interface Embeddings {
  /** One unit vector a text, in the order of the texts. */
  vectors: Float32Array[]
  /** Tokens read, summed over all texts. */
  promptTokens: number
}

export interface EmbeddingModel {
  readonly name: string
  readonly limits: EmbeddingLimits
  /** The vector of a text depends on the text alone, not on the others in the call. No texts give no vectors. */
  embed(texts: readonly string[], signal: AbortSignal): Promise<Embeddings>
}
