// Reranking for other subgraphs, by the one default model. That there is none and that it cannot be had just now are two answers: by the first
// the caller does without, and does so always.
import { providerUnreachable } from './ports/model-errors.ts'
import type { CountUsage } from './count-usage.ts'
import type { ModelCatalogue } from './model-catalogue.ts'
import type { RerankPassage, RerankReading } from './ports/rerank-model.ts'

export interface RerankPassagesRequest {
  question: string
  passages: readonly RerankPassage[]
  /** Work under the same key counts once; null: it counts each time. */
  idempotencyKey: string | null
}

/** Readings in the order of the passages; null when no host has a reranking model. UPSTREAM_UNAVAILABLE when such a host does not answer. */
export type RerankPassages = (
  workspaceId: string,
  request: RerankPassagesRequest,
  signal: AbortSignal,
) => Promise<readonly RerankReading[] | null>

export function createRerankPassages(options: { catalogue: ModelCatalogue; countUsage: CountUsage }): RerankPassages {
  const { catalogue, countUsage } = options
  return async (workspaceId, { question, passages, idempotencyKey }, signal) => {
    const found = await catalogue.find('RERANK', null)
    if (found === null) {
      const known = (await catalogue.read()).models.find(({ capabilities }) => capabilities.includes('RERANK'))
      if (known === undefined) return null
      throw providerUnreachable(known.hostNames[0] ?? known.name)
    }
    const model = await catalogue.openRerankModel(found, signal)
    const { readings, promptTokens } = await model.rerank(question, passages, signal)
    if (passages.length > 0)
      await countUsage.count({
        workspaceId,
        kind: 'RERANK',
        modelName: found.name,
        promptTokens,
        idempotencyKey,
      })
    return readings
  }
}
