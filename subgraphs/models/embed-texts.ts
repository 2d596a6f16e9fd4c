// Embeddings for other subgraphs. The usage of repeated work carries the same event id, so that it counts once.
import { deterministicId } from '#shared/ids.ts'
import type { JobQueue } from '#shared/job-queue.ts'
import { usageRecorded } from '../../contracts/messages.ts'
import { withPurpose, type EmbeddingPurpose } from './domain/embedding-prefix.ts'
import type { ModelCatalogue } from './model-catalogue.ts'
import { modelNotAvailable } from './ports/model-errors.ts'

export interface EmbedTextsRequest {
  modelName: string
  texts: readonly string[]
  purpose: EmbeddingPurpose
  /** Null: the usage is not counted here. */
  idempotencyKey: string | null
}

export type EmbedTexts = (
  workspaceId: string,
  request: EmbedTextsRequest,
  signal: AbortSignal,
) => Promise<{ vectors: Float32Array[]; dimensions: number }>

export function createEmbedTexts(options: { catalogue: ModelCatalogue; queue: JobQueue }): EmbedTexts {
  const { catalogue, queue } = options
  return async (workspaceId, { modelName, texts, purpose, idempotencyKey }, signal) => {
    const found = await catalogue.find('EMBEDDING', modelName)
    if (found === null)
      throw modelNotAvailable(
        modelName,
        'No host that can be reached embeds with it. Start its host, or pull it there.',
      )
    const model = await catalogue.openEmbeddingModel(found, signal)
    const { vectors, promptTokens } = await model.embed(
      texts.map((text) => withPurpose(found.name, purpose, text)),
      signal,
    )
    if (idempotencyKey !== null && texts.length > 0) {
      await queue.send(usageRecorded, {
        workspaceId,
        eventId: deterministicId('use', workspaceId, 'embedding', idempotencyKey),
        kind: 'EMBEDDING',
        occurredAt: new Date().toISOString(),
        modelName: found.name,
        knowledgeBaseIds: [],
        promptTokens,
        completionTokens: 0,
        retrievalMs: null,
      })
    }
    return { vectors, dimensions: model.limits.dimensions }
  }
}
