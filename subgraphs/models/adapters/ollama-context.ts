// How long a context a model gets on an Ollama host. Its memory is taken when the model is loaded, by the length that a request names
// (`num_ctx`) or else the host's default; a request that names another length than the loaded one makes the host load the model again.
import type { ChatRequest } from '../ports/chat-model.ts'

/** The least that Ollama gives a model it loads without being told a length. */
export const LEAST_CONTEXT_LENGTH = 4_096
/** The most that is asked for: for a model of eight billion parameters its memory is about 2 GiB. */
const MOST_ASKED_CONTEXT_LENGTH = 16_384

export interface OllamaContextFacts {
  /** Tokens the model was made for; null when the host does not say. */
  architectureLength: number | null
  /** `num_ctx` of the Modelfile; null without one. */
  modelfileLength: number | null
  /** Tokens it is loaded with; null while it is not loaded. */
  loadedLength: number | null
}

export interface OllamaContext {
  /** Tokens that a request can have at most. */
  longest: number
  /** The lengths to ask for, one after the other while the host refuses; undefined names none. Never empty. */
  lengthsFor(neededTokens: number): (number | undefined)[]
}

export function ollamaContext({
  architectureLength,
  modelfileLength,
  loadedLength,
}: OllamaContextFacts): OllamaContext {
  // A length in the Modelfile is the operator's word: no more is asked for, unless more is there already.
  const most = modelfileLength ?? (architectureLength === null ? LEAST_CONTEXT_LENGTH : MOST_ASKED_CONTEXT_LENGTH)
  const longest = Math.min(architectureLength ?? Infinity, Math.max(loadedLength ?? 0, most))
  const given = Math.min(longest, loadedLength ?? modelfileLength ?? LEAST_CONTEXT_LENGTH)
  return {
    longest,
    lengthsFor(neededTokens) {
      // Named also when it is the loaded one: the host's default may be another.
      if (neededTokens <= given)
        return given < longest ? [loadedLength ?? undefined, longest] : [loadedLength ?? undefined]
      // In powers of two, so that requests of about the same size share a length.
      const length = Math.min(longest, 2 ** Math.ceil(Math.log2(neededTokens)))
      return length < longest ? [length, longest] : [longest]
    },
  }
}

/** Of an answer whose length nobody limits. */
const ANSWER_TOKENS = 1_024
/** What a chat template adds to a message. */
const MESSAGE_TOKENS = 8
const BYTES_PER_TOKEN = 3

/** Tokens that a request may take, rather too many: a character of Chinese, three bytes, is about one token, an English word two. */
export function estimateTokens({ messages, maxTokens = ANSWER_TOKENS }: ChatRequest): number {
  const ofMessage = (content: string) => Math.ceil(Buffer.byteLength(content) / BYTES_PER_TOKEN) + MESSAGE_TOKENS
  return messages.reduce((sum, { content }) => sum + ofMessage(content), maxTokens)
}
