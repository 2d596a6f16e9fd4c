// A model that continues a conversation, as a stream of text. Failures are those of model-errors.ts.

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant' | 'tool'
  content: string
}

export interface ChatRequest {
  /** At least one message; the model answers the last. */
  messages: readonly ChatMessage[]
  /** 0 always picks the likeliest token. Default: the model's own. */
  temperature?: number
  /** Share of probability mass sampled from, above 0 up to 1. Default: the model's own. */
  topP?: number
  /** Tokens generated at most. Default: the model's own, at most what fits its context. */
  maxTokens?: number
  /** Makes sampling repeatable on the same model and machine. Default: random. */
  seed?: number
  /** Generation ends before the first of these; they are not part of the text. Default: none. */
  stop?: readonly string[]
}

export interface ChatUsage {
  promptTokens: number
  completionTokens: number
  /** Prompt tokens that were still in the model's memory; null when the provider does not say. */
  cachedPromptTokens: number | null
}

/** Deltas in order, none of them empty, then exactly one `finished`. `length`: cut off by maxTokens or by the end of the context. */
export type ChatEvent =
  { kind: 'delta'; text: string } | { kind: 'finished'; reason: 'stop' | 'length'; usage: ChatUsage }

export interface ChatLimits {
  /** Tokens of prompt and completion together that a request can use now. */
  contextLength: number
}

export interface ChatModel {
  readonly name: string
  readonly limits: ChatLimits
  /**
   * Generates until the model stops, the signal aborts (CANCELLED) or the caller leaves the loop; either way the work has stopped,
   * or is about to stop within a batch of the model, when the iterator is done.
   */
  generate(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatEvent>
}
