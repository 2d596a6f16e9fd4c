// The figures of all knowledge bases that one operation names are one statement.
import { createLoader } from '#shared/graphql/loader.ts'
import type { KnowledgeBaseMetrics, ReadKnowledgeBaseMetrics } from './knowledge-base-metrics.ts'

export interface Loaders {
  knowledgeBaseMetrics: { load(id: string): Promise<KnowledgeBaseMetrics | null> }
}

export function createLoaders(workspaceId: string, readKnowledgeBaseMetrics: ReadKnowledgeBaseMetrics): Loaders {
  return { knowledgeBaseMetrics: createLoader((ids) => readKnowledgeBaseMetrics(workspaceId, ids)) }
}
