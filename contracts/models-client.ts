// The internal API of models, for the other subgraphs: which model, embeddings as binary float32, generation as a stream.
//
//   POST /internal/model        { capability, modelName }             → { model | null }
//   POST /internal/embeddings   { modelName, texts, purpose, … }      → float32 little-endian, row after row; headers say rows, dimensions, model
//   POST /internal/rerankings   { question, passages }                → { readings | null }
//   POST /internal/generations  { modelName, messages, … }            → NDJSON of GenerationLine; closing the socket cancels
import readline from 'node:readline'
import { z } from 'zod'
import { ERROR_CATALOGUE, TributaryError, type ErrorCode } from '#shared/errors.ts'
import { internalJson, internalRequest, transportError } from './internal-request.ts'
import type { Identity, IdentitySigner } from './identity.ts'

export const MODEL_PATH = '/internal/model'
export const EMBEDDINGS_PATH = '/internal/embeddings'
export const GENERATIONS_PATH = '/internal/generations'

export const capabilitySchema = z.enum(['CHAT', 'EMBEDDING'])

/** `modelName` null: the default for the capability; `defaultProvider` is not chosen by the caller. */
export const modelRequestSchema = z.object({ capability: capabilitySchema, modelName: z.string().max(200).nullable() })
export const modelDescriptionSchema = z.object({
  id: z.string(),
  name: z.string(),
  provider: z.enum(['EMBEDDED', 'OLLAMA', 'OPENAI', 'ANTHROPIC', 'GEMINI', 'AZURE_OPENAI']),
  contextLength: z.int().nullable(),
  embeddingDimensions: z.int().nullable(),
  parameterCount: z.int().nullable(),
})
export type ModelDescription = z.infer<typeof modelDescriptionSchema>
export const modelResponseSchema = z.object({ model: modelDescriptionSchema.nullable() })

export const embeddingsRequestSchema = z.object({
  modelName: z.string(),
  texts: z.array(z.string()).max(256),
  /** Some models want a prefix that depends on it. */
  purpose: z.enum(['query', 'document']),
  /** The same work repeated after a crash carries the same key, so that its usage counts once; null: it counts each time. */
  idempotencyKey: z.string().nullable(),
})
export const EMBEDDING_ROWS_HEADER = 'tributary-rows'
export const EMBEDDING_DIMENSIONS_HEADER = 'tributary-dimensions'

export const RERANKINGS_PATH = '/internal/rerankings'
/** What is read is the context, a full stop, and the sentences with spaces between them. */
export const rerankPassageSchema = z.object({ context: z.string(), sentences: z.array(z.string()) })
export const rerankRequestSchema = z.object({
  question: z.string(),
  passages: z.array(rerankPassageSchema).max(256),
  /** As that of embeddings; null when it is left out. */
  idempotencyKey: z.string().nullable().optional(),
})
/**
 * What the model makes of a passage. `score` is its relevance, in log-odds up to a constant. The others are log-odds of heads fitted for answering, 0 where
 * the model has none: that the passage holds the answer, that the question can be answered at all, that a sentence is the answer.
 */
export const rerankReadingSchema = z.object({
  score: z.number(),
  answering: z.number(),
  answerability: z.number(),
  sentences: z.array(z.number()),
})
export type RerankReading = z.infer<typeof rerankReadingSchema>
/** In the order of the passages; null when this platform has no reranking model. */
export const rerankResponseSchema = z.object({ readings: z.array(rerankReadingSchema).nullable() })

export const messageSchema = z.object({ role: z.enum(['SYSTEM', 'USER', 'ASSISTANT', 'TOOL']), content: z.string() })
export type Message = z.infer<typeof messageSchema>

export const generationRequestSchema = z.object({
  modelName: z.string().nullable(),
  messages: z.array(messageSchema).min(1),
  temperature: z.number().nullable().optional(),
  topP: z.number().nullable().optional(),
  maxTokens: z.int().nullable().optional(),
  seed: z.int().nullable().optional(),
  stop: z.array(z.string()).nullable().optional(),
})
export type GenerationRequest = z.infer<typeof generationRequestSchema>

export const tokenUsageSchema = z.object({
  promptTokens: z.int(),
  completionTokens: z.int(),
  cachedPromptTokens: z.int().nullable(),
  totalTokens: z.int(),
})
export type TokenUsage = z.infer<typeof tokenUsageSchema>

export const generationLineSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started'), generationId: z.string(), model: modelDescriptionSchema }),
  z.object({ type: z.literal('delta'), text: z.string() }),
  z.object({ type: z.literal('completed'), usage: tokenUsageSchema }),
  z.object({ type: z.literal('failed'), code: z.string(), message: z.string(), isRetryable: z.boolean() }),
])
export type GenerationLine = z.infer<typeof generationLineSchema>

/**
 * Every call throws MODEL_NOT_AVAILABLE when this platform has no such model, and UPSTREAM_UNAVAILABLE, UPSTREAM_TIMED_OUT or
 * CAPACITY_EXCEEDED when models or the model's host does not answer just now, which says nothing about what they have.
 */
export interface ModelsClient {
  /** The named model, or the default one for the capability; null when this platform has none. */
  findModel(
    identity: Identity,
    capability: 'CHAT' | 'EMBEDDING',
    modelName: string | null,
    signal: AbortSignal,
  ): Promise<ModelDescription | null>
  /** One normalised vector per text, in order; at most 256 texts. */
  embed(
    identity: Identity,
    request: z.infer<typeof embeddingsRequestSchema>,
    signal: AbortSignal,
  ): Promise<Float32Array[]>
  /** How well each passage answers the question, in order; null when this platform has no reranking model. */
  rerank(
    identity: Identity,
    request: z.infer<typeof rerankRequestSchema>,
    signal: AbortSignal,
  ): Promise<RerankReading[] | null>
  /**
   * `started`, deltas, then `completed`; throws what `failed` says, and PROCESS_DIED when models is gone behind `started`. Aborting the signal
   * stops the model.
   */
  generate(
    identity: Identity,
    request: GenerationRequest,
    signal: AbortSignal,
  ): AsyncGenerator<Exclude<GenerationLine, { type: 'failed' }>>
}

export function createModelsClient(options: { origin: () => string; signer: IdentitySigner }): ModelsClient {
  const { origin, signer } = options
  const target = 'models'
  return {
    async findModel(identity, capability, modelName, signal) {
      const body = { capability, modelName }
      const response = await internalJson(
        { url: origin() + MODEL_PATH, token: await signer.sign(identity), body, signal, timeoutMs: 15_000, target },
        modelResponseSchema,
      )
      return response.model
    },

    async embed(identity, body, signal) {
      const response = await internalRequest({
        url: origin() + EMBEDDINGS_PATH,
        token: await signer.sign(identity),
        body,
        signal,
        timeoutMs: 300_000,
        target,
      })
      const rows = Number(response.headers[EMBEDDING_ROWS_HEADER])
      const dimensions = Number(response.headers[EMBEDDING_DIMENSIONS_HEADER])
      let bytes: ArrayBuffer
      try {
        bytes = await response.body.arrayBuffer()
      } catch (cause) {
        throw transportError(cause, { signal, target })
      }
      if (bytes.byteLength !== rows * dimensions * 4 || rows !== body.texts.length) {
        throw new TributaryError('UPSTREAM_UNAVAILABLE', 'The models service cut its answer short.')
      }
      return Array.from({ length: rows }, (_, row) => new Float32Array(bytes, row * dimensions * 4, dimensions))
    },

    async rerank(identity, body, signal) {
      const url = origin() + RERANKINGS_PATH
      const response = await internalJson(
        { url, token: await signer.sign(identity), body, signal, timeoutMs: 60_000, target },
        rerankResponseSchema,
      )
      return response.readings
    },

    async *generate(identity, body, signal) {
      const stopped = new AbortController()
      const combined = AbortSignal.any([signal, stopped.signal])
      const response = await internalRequest({
        url: origin() + GENERATIONS_PATH,
        token: await signer.sign(identity),
        body,
        signal: combined,
        // The first line comes when the model is loaded; a large one from a cold disk takes minutes.
        timeoutMs: 300_000,
        bodyTimeoutMs: 300_000,
        target,
      })
      const lines = readline.createInterface({ input: response.body, crlfDelay: Infinity })
      let hasStarted = false
      let isComplete = false
      try {
        for await (const text of lines) {
          const line = generationLineSchema.parse(JSON.parse(text))
          if (line.type === 'failed') {
            isComplete = true
            throw new TributaryError(
              line.code in ERROR_CATALOGUE ? (line.code as ErrorCode) : 'MODEL_FAILED',
              line.message,
              { isRetryable: line.isRetryable },
            )
          }
          hasStarted = true
          if (line.type === 'completed') isComplete = true
          yield line
        }
        if (!isComplete) throw new Error('The stream ended before its last line.')
      } catch (cause) {
        const error = transportError(cause, { signal, target })
        // It was there a moment ago, and took with it what it was writing.
        if (hasStarted && error.code === 'UPSTREAM_UNAVAILABLE' && error !== cause) throw generatorDied(error)
        throw error
      } finally {
        // What the abort breaks off is heard by both, and would end the process where nobody listens.
        response.body.on('error', () => undefined)
        lines.on('error', () => undefined)
        // The consumer may leave early; the socket must not stay open, or the model would go on.
        stopped.abort()
        lines.close()
      }
    },
  }
}

const generatorDied = (cause: unknown) =>
  new TributaryError('PROCESS_DIED', 'The models process died while it was writing. Ask again.', { cause })
