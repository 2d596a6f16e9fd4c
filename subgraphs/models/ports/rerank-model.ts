// A model that reads a question and a passage together and says how well the passage answers. Failures are those of model-errors.ts.

export interface RerankLimits {
  /** Tokens of question and passage together that are read; the passage is cut to fit. */
  contextLength: number
}

/** What is read is the context, a full stop, and the sentences with spaces between them. */
export interface RerankPassage {
  /** What it stands below: its headings. May be empty. */
  context: string
  sentences: readonly string[]
}

export interface RerankReading {
  /** How relevant the passage is, in log-odds up to a constant; higher is better. Scores of one model compare between questions. */
  score: number
  /**
   * What adapted heads see beyond the score, each in log-odds and 0 from a model that has no such head: that the passage holds the
   * answer, that the question can be answered at all, and for each sentence that it is the one.
   */
  answering: number
  answerability: number
  sentences: number[]
}

export interface RerankResult {
  /** One reading a passage, in the order of the passages. */
  readings: RerankReading[]
  /** Tokens read, summed over all pairs. */
  promptTokens: number
}

export interface RerankModel {
  readonly name: string
  readonly limits: RerankLimits
  rerank(question: string, passages: readonly RerankPassage[], signal: AbortSignal): Promise<RerankResult>
}
