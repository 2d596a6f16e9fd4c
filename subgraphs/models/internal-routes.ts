// What other subgraphs ask of models over HTTP; shapes and addresses are those of contracts/models-client.ts.
import { endianness } from 'node:os'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { TributaryError } from '#shared/errors.ts'
import { closedEarly } from '#shared/graphql/subgraph-server.ts'
import { IDENTITY_HEADER, type Identity, type IdentitySigner } from '../../contracts/identity.ts'
import { modelId } from '../../contracts/model-ids.ts'
import {
  EMBEDDING_DIMENSIONS_HEADER,
  EMBEDDING_ROWS_HEADER,
  EMBEDDINGS_PATH,
  embeddingsRequestSchema,
  generationRequestSchema,
  GENERATIONS_PATH,
  MODEL_PATH,
  modelRequestSchema,
  rerankRequestSchema,
  RERANKINGS_PATH,
  type GenerationLine,
  type ModelDescription,
  type modelResponseSchema,
  type rerankResponseSchema,
} from '../../contracts/models-client.ts'
import type { CatalogueModel } from './domain/choose-model.ts'
import type { EmbedTexts } from './embed-texts.ts'
import type { Generations } from './generations.ts'
import type { ModelCatalogue } from './model-catalogue.ts'
import type { RerankPassages } from './rerank-passages.ts'

export interface InternalRoutesOptions {
  signer: IdentitySigner
  catalogue: ModelCatalogue
  embedTexts: EmbedTexts
  rerankPassages: RerankPassages
  generations: Generations
}

const BODY_LIMIT_BYTES = 32 * 1024 * 1024

export function addInternalRoutes(app: FastifyInstance, options: InternalRoutesOptions): void {
  const { signer, catalogue, embedTexts, rerankPassages, generations } = options
  const callerOf = (request: FastifyRequest): Promise<Identity> =>
    signer.verify(String(request.headers[IDENTITY_HEADER] ?? ''))

  app.post(MODEL_PATH, async (request): Promise<z.input<typeof modelResponseSchema>> => {
    const { workspaceId } = await callerOf(request)
    const { capability, modelName } = parseBody(modelRequestSchema, request)
    const model = await catalogue.find(capability, modelName)
    return { model: model === null ? null : describe(workspaceId, model) }
  })

  app.post(EMBEDDINGS_PATH, { bodyLimit: BODY_LIMIT_BYTES }, async (request, reply) => {
    const { workspaceId } = await callerOf(request)
    const body = parseBody(embeddingsRequestSchema, request)
    const { vectors, dimensions } = await embedTexts(workspaceId, body, closedEarly(reply))
    const floats = new Float32Array(vectors.length * dimensions)
    for (const [row, vector] of vectors.entries()) floats.set(vector, row * dimensions)
    const bytes = Buffer.from(floats.buffer)
    if (endianness() === 'BE') bytes.swap32()
    return reply
      .header(EMBEDDING_ROWS_HEADER, vectors.length)
      .header(EMBEDDING_DIMENSIONS_HEADER, dimensions)
      .type('application/octet-stream')
      .send(bytes)
  })

  app.post(
    RERANKINGS_PATH,
    { bodyLimit: BODY_LIMIT_BYTES },
    async (request, reply): Promise<z.input<typeof rerankResponseSchema>> => {
      const { workspaceId } = await callerOf(request)
      const { idempotencyKey = null, ...body } = parseBody(rerankRequestSchema, request)
      const readings = await rerankPassages(workspaceId, { ...body, idempotencyKey }, closedEarly(reply))
      return { readings: readings === null ? null : [...readings] }
    },
  )

  app.post(GENERATIONS_PATH, { bodyLimit: BODY_LIMIT_BYTES }, async (request, reply) => {
    const { workspaceId } = await callerOf(request)
    const input = parseBody(generationRequestSchema, request)
    const signal = closedEarly(reply)
    // It lives as long as this socket: closing it cancels at once, so no grace time applies.
    const started = await generations.start(workspaceId, input, { isDetached: true })
    if ('mistakes' in started) throw errorOf(started.mistakes[0])
    const { row, model } = started
    const cancel = (): void =>
      void generations.cancel(workspaceId, row.id).catch((error: unknown) => request.log.error(error))
    if (signal.aborted) cancel()
    else signal.addEventListener('abort', cancel, { once: true })
    const lines = linesOf({ generations, workspaceId, id: row.id, model: describe(workspaceId, model), signal })
    return reply.type('application/x-ndjson').send(Readable.from(lines, { objectMode: false, highWaterMark: 1 }))
  })
}

interface LinesOptions {
  generations: Generations
  workspaceId: string
  id: string
  model: ModelDescription
  signal: AbortSignal
}

async function* linesOf({ generations, workspaceId, id, model, signal }: LinesOptions): AsyncGenerator<string> {
  const line = (value: GenerationLine): string => `${JSON.stringify(value)}\n`
  for await (const { payload } of await generations.follow({ workspaceId, id, signal })) {
    if (payload.type === 'started') yield line({ type: 'started', generationId: id, model })
    else if (payload.type === 'delta') yield line({ type: 'delta', text: payload.text })
    else if (payload.type === 'failed') yield line(payload)
    else {
      const [row] = await generations.findMany(workspaceId, [id])
      if (row === undefined || row.status === 'CANCELLED') {
        yield line({ type: 'failed', code: 'CANCELLED', message: 'The generation was cancelled.', isRetryable: false })
        return
      }
      const { promptTokens, completionTokens, cachedPromptTokens } = row
      const usage = { promptTokens: promptTokens ?? 0, completionTokens: completionTokens ?? 0, cachedPromptTokens }
      yield line({ type: 'completed', usage: { ...usage, totalTokens: usage.promptTokens + usage.completionTokens } })
    }
  }
}

function describe(workspaceId: string, model: CatalogueModel): ModelDescription {
  const { name, provider, contextLength, embeddingDimensions, parameterCount } = model
  return { id: modelId(workspaceId, model), name, provider, contextLength, embeddingDimensions, parameterCount }
}

function parseBody<Schema extends z.ZodType>(schema: Schema, request: FastifyRequest): z.output<Schema> {
  const parsed = schema.safeParse(request.body)
  if (parsed.success) return parsed.data
  throw new TributaryError('BAD_USER_INPUT', `The request has an unknown shape: ${z.prettifyError(parsed.error)}`)
}

function errorOf(mistake: { code: string; message: string; path: string[] } | undefined): TributaryError {
  const code =
    mistake?.code === 'MODEL_NOT_AVAILABLE' || mistake?.code === 'CONTEXT_TOO_LONG' ? mistake.code : 'BAD_USER_INPUT'
  return new TributaryError(
    code,
    mistake?.message ?? 'The input cannot be used.',
    mistake === undefined ? {} : { path: mistake.path },
  )
}
