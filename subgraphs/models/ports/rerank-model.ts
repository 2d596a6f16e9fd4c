// A model that reads a question and a passage together and says how well the passage answers. Failures are those of model-errors.ts.

export interface RerankLimits {
  /** Tokens of question and passage together that are read; the passage is cut to fit. */
  contextLength: number
}

export interface RerankScores {
  /** One raw score a passage, in the order of the passages; higher is better, zero is even odds. */
  scores: number[]
  /** Tokens read, summed over all pairs. */
  promptTokens: number
}

export interface RerankModel {
  readonly name: string
  readonly limits: RerankLimits
  rerank(question: string, passages: readonly string[], signal: AbortSignal): Promise<RerankScores>
}
