// Knowledge bases by the names that people give them.
import { clientError, ClientError, EXIT_STATUS, throwUserErrors, type UserErrorPayload } from './client-error.ts'
import type { Endpoint } from './endpoint.ts'
import { readAll } from './pages.ts'
import type { KnowledgeBase } from './shapes.ts'

export async function listKnowledgeBases(
  endpoint: Endpoint,
  name: string | null,
  signal?: AbortSignal,
): Promise<KnowledgeBase[]> {
  return readAll<KnowledgeBase>({
    endpoint,
    operationName: 'KnowledgeBases',
    variables: { name },
    field: 'knowledgeBases',
    signal,
  })
}

export async function ensureKnowledgeBase(
  endpoint: Endpoint,
  name: string,
  signal?: AbortSignal,
): Promise<{ id: string; name: string; isNew: boolean }> {
  const [existing] = await listKnowledgeBases(endpoint, name, signal)
  if (existing) return { ...existing, isNew: false }
  const { knowledgeBaseCreate } = await endpoint.request<{
    knowledgeBaseCreate: UserErrorPayload & { knowledgeBase: KnowledgeBase | null }
  }>('KnowledgeBaseCreate', { name }, signal)
  if (!knowledgeBaseCreate.knowledgeBase && knowledgeBaseCreate.userErrors[0]?.code === 'NAME_TAKEN') {
    // Somebody was quicker.
    const [taken] = await listKnowledgeBases(endpoint, name, signal)
    if (taken) return { ...taken, isNew: false }
  }
  throwUserErrors(knowledgeBaseCreate)
  const created = knowledgeBaseCreate.knowledgeBase!
  return { id: created.id, name: created.name, isNew: true }
}

/** The ones named, in that order; without names the only one there is, or all of them. Throws for a name that does not exist. */
export async function chooseKnowledgeBases(
  endpoint: Endpoint,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<KnowledgeBase[]> {
  if (names.length === 0) {
    const all = await listKnowledgeBases(endpoint, null, signal)
    if (all.length === 0)
      throw clientError(
        'NO_KNOWLEDGE_BASE',
        'There is no knowledge base yet. Make one from your documents with `npx tributary ingest FILE|DIR`.',
      )
    if (all.length > MOST_AT_ONCE)
      throw clientError(
        'KNOWLEDGE_BASE_NEEDED',
        `There are ${all.length} knowledge bases, and at most ${MOST_AT_ONCE} can be asked at once. Name one with --knowledge-base; \`npx tributary status\` lists them.`,
      )
    return all
  }
  return Promise.all(
    names.map(async (name) => {
      const [found] = await listKnowledgeBases(endpoint, name, signal)
      if (found) return found
      throw new ClientError(
        'NOT_FOUND',
        `There is no knowledge base "${name}". \`npx tributary status\` lists them.`,
        EXIT_STATUS.failed,
      )
    }),
  )
}

/** As the schema has it for `knowledgeBaseIds`. */
const MOST_AT_ONCE = 10
