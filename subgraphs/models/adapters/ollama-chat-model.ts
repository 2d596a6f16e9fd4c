// A chat model on an Ollama host.
import type { ChatModel, ChatRequest } from '../ports/chat-model.ts'
import { contextTooLong, modelFailed, providerUnreachable } from '../ports/model-errors.ts'
import { errorOf, type OllamaHttp } from './ollama-http.ts'
import { chatLineSchema } from './ollama-wire.ts'

export interface OllamaChatModelOptions {
  name: string
  hostName: string
  http: OllamaHttp
  /** Tokens the host gives the model now. */
  contextLength: number
}

export function createOllamaChatModel({ name, hostName, http, contextLength }: OllamaChatModelOptions): ChatModel {
  return {
    name,
    limits: { contextLength },
    async *generate(request, signal) {
      const body = {
        model: name,
        messages: request.messages,
        stream: true,
        // By default Ollama silently drops the oldest messages, then the oldest tokens: an answer without its sources.
        truncate: false,
        shift: false,
        options: optionsOf(request),
      }
      try {
        for await (const line of http.lines(
          { path: '/api/chat', body, modelName: name, isModelWork: true, signal },
          chatLineSchema,
        )) {
          if (line.error !== undefined) throw errorOf(500, line.error, { modelName: name }, hostName)
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

function optionsOf(request: ChatRequest): object {
  const { temperature, topP, maxTokens, seed, stop } = request
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(maxTokens === undefined ? {} : { num_predict: maxTokens }),
    ...(seed === undefined ? {} : { seed }),
    ...(stop === undefined || stop.length === 0 ? {} : { stop }),
  }
}

/** Ollama does not say how long the context is that was exceeded; the message to people should. */
function withContextLength(error: unknown, modelName: string, contextLength: number): unknown {
  const isTooLong = error instanceof Error && 'code' in error && error.code === 'CONTEXT_TOO_LONG'
  return isTooLong ? contextTooLong({ modelName, promptTokens: null, contextLength, cause: error }) : error
}
