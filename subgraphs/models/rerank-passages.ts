// Reranking for other subgraphs, by the one default model. That there is none and that it cannot be had just now are two answers: by the first
// the caller does without, and does so always.
import { providerUnreachable } from './ports/model-errors.ts'
import type { ModelCatalogue } from './model-catalogue.ts'

/** Raw logits in the order of the passages; null when no host has a reranking model. UPSTREAM_UNAVAILABLE when such a host does not answer. */
export type RerankPassages = (
  question: string,
  passages: readonly string[],
  signal: AbortSignal,
) => Promise<readonly number[] | null>

export function createRerankPassages({ catalogue }: { catalogue: ModelCatalogue }): RerankPassages {
  return async (question, passages, signal) => {
    const found = await catalogue.find('RERANK', null)
    if (found === null) {
      const known = (await catalogue.read()).models.find(({ capabilities }) => capabilities.includes('RERANK'))
      if (known === undefined) return null
      throw providerUnreachable(known.hostNames[0] ?? known.name)
    }
    const model = await catalogue.openRerankModel(found, signal)
    return (await model.rerank(question, passages, signal)).scores
  }
}
