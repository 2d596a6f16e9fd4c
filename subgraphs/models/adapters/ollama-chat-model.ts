// A chat model on an Ollama host.
import type { ChatEvent, ChatModel, ChatRequest } from '../ports/chat-model.ts'
import { contextTooLong, modelFailed, providerUnreachable } from '../ports/model-errors.ts'
import type { OllamaClient } from './ollama-client.ts'
import type { ChatRequest as OllamaChatRequest, Options } from 'ollama'
import { estimateTokens, type OllamaContext } from './ollama-context.ts'
import { chatLineSchema } from './ollama-wire.ts'

export interface OllamaChatModelOptions {
  name: string
  hostName: string
  client: OllamaClient
  context: OllamaContext
}

export function createOllamaChatModel({ name, hostName, client, context }: OllamaChatModelOptions): ChatModel {
  async function* generate(
    request: ChatRequest,
    contextLength: number | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<ChatEvent, void> {
    // `truncate` and `shift` are newer than the client's types.
    const body: OllamaChatRequest & { stream: true; truncate: boolean; shift: boolean } = {
      model: name,
      messages: [...request.messages],
      stream: true,
      // By default Ollama silently drops the oldest messages, then the oldest tokens: an answer without its sources.
      truncate: false,
      shift: false,
      options: optionsOf(request, contextLength),
    }
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
    throw providerUnreachable(hostName, modelFailed(name, 'the stream ended without its last line.'))
  }

  return {
    name,
    limits: { contextLength: context.longest },
    async *generate(request, signal) {
      let refusal: unknown = null
      for (const contextLength of context.lengthsFor(estimateTokens(request))) {
        try {
          return yield* generate(request, contextLength, signal)
        } catch (error) {
          // It is refused before its first token, so nothing of it was told.
          if (!isTooLong(error)) throw error
          refusal = error
        }
      }
      // Ollama does not say how long the context is that was exceeded; the message to people should.
      throw contextTooLong({ modelName: name, promptTokens: null, contextLength: context.longest, cause: refusal })
    },
  }
}

function optionsOf(request: ChatRequest, contextLength: number | undefined): Partial<Options> {
  const { temperature, topP, maxTokens, seed, stop } = request
  return {
    ...(contextLength === undefined ? {} : { num_ctx: contextLength }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(maxTokens === undefined ? {} : { num_predict: maxTokens }),
    ...(seed === undefined ? {} : { seed }),
    ...(stop === undefined || stop.length === 0 ? {} : { stop: [...stop] }),
  }
}

const isTooLong = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'CONTEXT_TOO_LONG'
