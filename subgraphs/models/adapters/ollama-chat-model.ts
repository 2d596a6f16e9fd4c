// A chat model on an Ollama host.
import type { ChatModel, ChatRequest } from '../ports/chat-model.ts'
import { contextTooLong, modelFailed, providerUnreachable } from '../ports/model-errors.ts'
import type { OllamaClient } from './ollama-client.ts'
import type { ChatRequest as OllamaChatRequest, Options } from 'ollama'
import { chatLineSchema } from './ollama-wire.ts'

export interface OllamaChatModelOptions {
  name: string
  hostName: string
  client: OllamaClient
  /** Tokens the host gives the model now. */
  contextLength: number
}

export function createOllamaChatModel({ name, hostName, client, contextLength }: OllamaChatModelOptions): ChatModel {
  return {
    name,
    limits: { contextLength },
    async *generate(request, signal) {
      // `truncate` and `shift` are newer than the client's types.
      const body: OllamaChatRequest & { stream: true; truncate: boolean; shift: boolean } = {
        model: name,
        messages: [...request.messages],
        stream: true,
        // By default Ollama silently drops the oldest messages, then the oldest tokens: an answer without its sources.
        truncate: false,
        shift: false,
        options: optionsOf(request),
      }
      try {
        for await (const line of client.stream(
          { modelName: name, isModelWork: true, signal },
          (ollama) => ollama.chat(body),
          chatLineSchema,
        )) {
          const text = line.message?.content ?? ''
          if (text !== '') yield { kind: 'delta', text }
          if (!line.done) continue
          yield {
            kind: 'finished',
            reason: line.done_reason === 'length' ? 'length' : 'stop',
            usage: {
              promptTokens: line.prompt_eval_count,
              completionTokens: line.eval_count,
              cachedPromptTokens: null,
            },
          }
          return
        }
      } catch (error) {
        throw withContextLength(error, name, contextLength)
      }
      throw providerUnreachable(hostName, modelFailed(name, 'the stream ended without its last line.'))
    },
  }
}

function optionsOf(request: ChatRequest): Partial<Options> {
  const { temperature, topP, maxTokens, seed, stop } = request
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(maxTokens === undefined ? {} : { num_predict: maxTokens }),
    ...(seed === undefined ? {} : { seed }),
    ...(stop === undefined || stop.length === 0 ? {} : { stop: [...stop] }),
  }
}

/** Ollama does not say how long the context is that was exceeded; the message to people should. */
function withContextLength(error: unknown, modelName: string, contextLength: number): unknown {
  const isTooLong = error instanceof Error && 'code' in error && error.code === 'CONTEXT_TOO_LONG'
  return isTooLong ? contextTooLong({ modelName, promptTokens: null, contextLength, cause: error }) : error
}
