// The internal API of models as a real HTTP server whose models do what a test says: embeddings are hashed words (texts that share words are
// near each other), a generation is a script.
import type { ServerResponse } from 'node:http'
import Fastify from 'fastify'
import {
  EMBEDDING_DIMENSIONS_HEADER,
  EMBEDDING_ROWS_HEADER,
  EMBEDDINGS_PATH,
  embeddingsRequestSchema,
  GENERATIONS_PATH,
  generationRequestSchema,
  MODEL_PATH,
  RERANKINGS_PATH,
  rerankRequestSchema,
  modelRequestSchema,
  type GenerationLine,
  type GenerationRequest,
  type ModelDescription,
  type RerankReading,
} from '../../../contracts/models-client.ts'

export const EMBEDDER: ModelDescription = {
  id: 'model_embedder',
  name: 'hashed-words',
  provider: 'EMBEDDED',
  contextLength: 256,
  embeddingDimensions: 64,
  parameterCount: 22_000_000,
}
export const WRITER: ModelDescription = {
  id: 'model_writer',
  name: 'scripted-writer',
  provider: 'OLLAMA',
  contextLength: 4096,
  embeddingDimensions: null,
  parameterCount: 8_000_000_000,
}

export interface ScriptedModels {
  origin: string
  /** Cuts the connections of all generations, without a last line. */
  hangUp: () => void
  /** Which models there are; changed by tests. */
  available: ModelDescription[]
  /** Every embedding request that was answered. */
  embeddings: { texts: string[]; purpose: string; idempotencyKey: string | null }[]
  generations: GenerationRequest[]
  /** How many generations ended because their caller left. */
  abandonedCount: number
  /** What the chat model says, delta by delta; it may wait, and `signal` is aborted when the caller leaves. */
  script: (request: GenerationRequest, signal: AbortSignal) => AsyncIterable<string>
  /** The raw logit of a passage; null: there is no reranking model. */
  rerank: ((question: string, passage: string) => number) | null
  /** True: models does not answer just now, as while its process starts. */
  isAway: boolean
  /** Called for each request that finds models away. */
  onRefusal: () => void
  /** Called before each embedding request is answered; may wait or throw to fail it with MODEL_NOT_AVAILABLE. */
  beforeEmbedding: (texts: string[]) => Promise<void> | void
  close(): Promise<void>
}

export async function startScriptedModels(): Promise<ScriptedModels> {
  const app = Fastify({ bodyLimit: 16 * 1024 * 1024, forceCloseConnections: true })
  const state: Omit<ScriptedModels, 'origin' | 'close' | 'hangUp'> = {
    available: [EMBEDDER, WRITER],
    embeddings: [],
    generations: [],
    abandonedCount: 0,
    rerank: null,
    isAway: false,
    onRefusal: () => undefined,
    script: async function* () {
      yield 'Nothing was scripted.'
    },
    beforeEmbedding: () => undefined,
  }
  const generating = new Set<ServerResponse>()
  const hangUp = () => {
    for (const response of generating) response.destroy()
  }
  const find = (capability: 'CHAT' | 'EMBEDDING', name: string | null) =>
    state.available.find(
      (model) =>
        (model.embeddingDimensions !== null) === (capability === 'EMBEDDING') && (name === null || model.name === name),
    ) ?? null

  app.addHook('onRequest', async (_request, reply) => {
    if (!state.isAway) return
    state.onRefusal()
    await reply.status(503).send({
      error: { code: 'UPSTREAM_UNAVAILABLE', message: 'The models service cannot be reached.', isRetryable: true },
    })
  })

  app.post(MODEL_PATH, (request) => {
    const { capability, modelName } = modelRequestSchema.parse(request.body)
    return { model: find(capability, modelName) }
  })

  app.post(RERANKINGS_PATH, (request) => {
    const { question, passages } = rerankRequestSchema.parse(request.body)
    const { rerank } = state
    if (rerank === null) return { readings: null }
    return {
      readings: passages.map(({ sentences }): RerankReading => {
        const score = rerank(question, sentences.join(' '))
        return { score, answering: 0, answerability: score / 3, sentences: sentences.map(() => 0) }
      }),
    }
  })

  app.post(EMBEDDINGS_PATH, async (request, reply) => {
    const { modelName, texts, purpose, idempotencyKey } = embeddingsRequestSchema.parse(request.body)
    try {
      await state.beforeEmbedding(texts)
      if (!find('EMBEDDING', modelName)) throw new Error(`No host has the model ${modelName}.`)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      return reply.status(503).send({ error: { code: 'MODEL_NOT_AVAILABLE', message, isRetryable: true } })
    }
    state.embeddings.push({ texts, purpose, idempotencyKey })
    const dimensions = EMBEDDER.embeddingDimensions!
    const rows = new Float32Array(texts.length * dimensions)
    for (const [index, text] of texts.entries()) rows.set(embedWords(text, dimensions), index * dimensions)
    return reply
      .headers({ [EMBEDDING_ROWS_HEADER]: texts.length, [EMBEDDING_DIMENSIONS_HEADER]: dimensions })
      .type('application/octet-stream')
      .send(Buffer.from(rows.buffer))
  })

  app.post(GENERATIONS_PATH, async (request, reply) => {
    const generation = generationRequestSchema.parse(request.body)
    state.generations.push(generation)
    reply.hijack()
    const { raw } = reply
    generating.add(raw)
    raw.once('close', () => generating.delete(raw))
    const left = new AbortController()
    let isDone = false
    raw.once('close', () => {
      if (isDone) return
      state.abandonedCount += 1
      left.abort()
    })
    const send = (line: GenerationLine) => raw.write(`${JSON.stringify(line)}\n`)
    raw.writeHead(200, { 'content-type': 'application/x-ndjson' })
    const model = find('CHAT', generation.modelName) ?? WRITER
    send({ type: 'started', generationId: 'gen_scripted', model })
    let completionTokens = 0
    try {
      for await (const text of state.script(generation, left.signal)) {
        completionTokens += 1
        send({ type: 'delta', text })
      }
      const usage = {
        promptTokens: 100,
        completionTokens,
        cachedPromptTokens: null,
        totalTokens: 100 + completionTokens,
      }
      send({ type: 'completed', usage })
    } catch (error) {
      send({ type: 'failed', code: 'MODEL_FAILED', message: String(error), isRetryable: true })
    }
    isDone = true
    raw.end()
  })

  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  return Object.assign(state, { origin, hangUp, close: () => app.close() })
}

function embedWords(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions)
  vector[0] = 0.01
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]{2,}/gu)) {
    const stem = word.slice(0, 6)
    const hash = Array.from(stem).reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)!) >>> 0, 7)
    vector[hash % dimensions]! += 1
  }
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}
