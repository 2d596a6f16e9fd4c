// `KnowledgeBase.search`: one question to one knowledge base. It is answered when its usage is stored for metrics.
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { TributaryError } from '#shared/errors.ts'
import type { JobQueue } from '#shared/job-queue.ts'
import type { Identity } from '../../contracts/identity.ts'
import { usageRecorded } from '../../contracts/messages.ts'
import type { Retrieval, RetrievedChunk, SearchMode } from './retrieval.ts'
import type { KnowledgeBaseRow } from './tables.ts'

export interface KnowledgeBaseSearchResult {
  mode: SearchMode
  hits: RetrievedChunk[]
  durationMs: number
}

export type SearchKnowledgeBase = (options: {
  identity: Identity
  knowledgeBase: KnowledgeBaseRow
  query: string
  first: number
  mode: SearchMode
  signal: AbortSignal
}) => Promise<KnowledgeBaseSearchResult>

const QUERY_MAX_CHARACTERS = 10_000
const HITS_MAX = 100

export function createSearchKnowledgeBase(options: {
  retrieval: Retrieval
  queue: JobQueue
  logger: Logger
}): SearchKnowledgeBase {
  const { retrieval, queue, logger } = options
  return async ({ identity, knowledgeBase, query, first, mode, signal }) => {
    const question = query.trim()
    if (question === '') throw badInput('query', 'The argument "query" is empty. Pass the words to look for.')
    if (question.length > QUERY_MAX_CHARACTERS)
      throw badInput('query', `The argument "query" is longer than ${QUERY_MAX_CHARACTERS} characters. Shorten it.`)
    if (first < 1 || first > HITS_MAX)
      throw badInput('first', `The argument "first" is ${first}; pass 1 to ${HITS_MAX}.`)
    const startedAt = performance.now()
    const knowledgeBases = [knowledgeBase]
    const {
      mode: usedMode,
      hits,
      embedding,
    } = await retrieval.retrieve({
      identity,
      knowledgeBases,
      question,
      mode,
      limit: first,
      signal,
    })
    const durationMs = performance.now() - startedAt
    const usage = {
      workspaceId: identity.workspaceId,
      eventId: `search:${randomUUID()}`,
      kind: 'SEARCH' as const,
      occurredAt: new Date().toISOString(),
      modelName: embedding?.modelName ?? null,
      knowledgeBaseIds: [knowledgeBase.id],
      promptTokens: 0,
      completionTokens: 0,
      retrievalMs: durationMs,
    }
    // One insert, a millisecond or two. The chunks came from the same database a moment ago: if it is away only now, they are not held back.
    await queue
      .send(usageRecorded, usage)
      .catch((error: unknown) => logger.error({ err: error }, 'a search was not counted'))
    return { mode: usedMode, hits, durationMs: Math.round(durationMs) }
  }
}

const badInput = (argument: string, message: string) =>
  new TributaryError('BAD_USER_INPUT', message, { path: [argument] })
