// Whether the guide is there, made by this start or an earlier one and not deleted since, and what it is called by now.
import type { Endpoint } from '../../../cli/client/endpoint.ts'
import { listKnowledgeBases } from '../../../cli/client/knowledge-bases.ts'
import { readGuideState } from './guide-state.ts'

export async function findGuideName(options: {
  endpoint: Endpoint
  dataDirectory: string
  signal: AbortSignal
}): Promise<string | null> {
  const state = await readGuideState(options.dataDirectory)
  if (!state) return null
  const existing = await listKnowledgeBases(options.endpoint, null, options.signal)
  return existing.find(({ id }) => id === state.knowledgeBaseId)?.name ?? null
}
