// Embeddings for other subgraphs.
import type { CountUsage } from './count-usage.ts'
import { withPurpose, type EmbeddingPurpose } from './domain/embedding-prefix.ts'
import type { ModelCatalogue } from './model-catalogue.ts'
import { modelNotAvailable } from './ports/model-errors.ts'

export interface EmbedTextsRequest {
  modelName: string
  texts: readonly string[]
  purpose: EmbeddingPurpose
  /** Work under the same key counts once; null: it counts each time. */
  idempotencyKey: string | null
}

export type EmbedTexts = (
  workspaceId: string,
  request: EmbedTextsRequest,
  signal: AbortSignal,
) => Promise<{ vectors: Float32Array[]; dimensions: number }>

export function createEmbedTexts(options: { catalogue: ModelCatalogue; countUsage: CountUsage }): EmbedTexts {
  const { catalogue, countUsage } = options
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
    if (texts.length > 0)
      await countUsage.count({
        workspaceId,
        kind: 'EMBEDDING',
        modelName: found.name,
        promptTokens,
        idempotencyKey,
      })
    return { vectors, dimensions: model.limits.dimensions }
  }
}
