// One batch per entity type and operation: however many parents ask, the database is asked once.
import { toConnection, type Connection, type Page } from '#shared/graphql/connection.ts'
import { createGroupLoader, createLoader } from '#shared/graphql/loader.ts'
import type { AnswerStore } from './answer-store.ts'
import type { Documents } from './documents.ts'
import type { ContentCounts, KnowledgeBases } from './knowledge-bases.ts'
import { documentOrder } from './page-order.ts'
import type {
  AnswerCitationRow,
  AnswerRow,
  AnswerSourceRow,
  ChunkRow,
  DocumentRow,
  KnowledgeBaseRow,
} from './tables.ts'

interface Loads<Value> {
  load(id: string): Promise<Value>
}

export interface Loaders {
  knowledgeBase: Loads<KnowledgeBaseRow | null>
  contentCounts: Loads<ContentCounts | null>
  document: Loads<DocumentRow | null>
  documentText: Loads<{ text: string | null } | null>
  chunk: Loads<ChunkRow | null>
  answer: Loads<AnswerRow | null>
  answerSources: Loads<AnswerSourceRow[]>
  answerCitations: Loads<AnswerCitationRow[]>
  documentsOf(knowledgeBaseId: string, page: Page): Promise<Connection<DocumentRow>>
  chunksOf(documentId: string, page: Page): Promise<Connection<ChunkRow>>
  /** The answer is read anew: between two events of one subscription it changed. */
  forgetAnswer(id: string): void
}

export function createLoaders(
  workspaceId: string,
  useCases: { knowledgeBases: KnowledgeBases; documents: Documents; answerStore: AnswerStore },
): Loaders {
  const { knowledgeBases, documents, answerStore } = useCases
  const documentPages = createPageLoaders((ids, page) => documents.pagesOf(workspaceId, ids, page))
  const chunkPages = createPageLoaders((ids, page) => documents.chunkPagesOf(workspaceId, ids, page))
  const answer = createLoader((ids) => answerStore.findMany(workspaceId, ids))
  const answerSources = createGroupLoader(
    (ids) => answerStore.sourcesOf(workspaceId, ids),
    (row) => row.answerId,
  )
  const answerCitations = createGroupLoader(
    (ids) => answerStore.citationsOf(workspaceId, ids),
    (row) => row.answerId,
  )
  return {
    knowledgeBase: createLoader((ids) => knowledgeBases.findMany(workspaceId, ids)),
    contentCounts: createLoader((ids) => knowledgeBases.countContents(workspaceId, ids)),
    document: createLoader((ids) => documents.findMany(workspaceId, ids)),
    documentText: createLoader((ids) => documents.texts(workspaceId, ids)),
    chunk: createLoader((ids) => documents.findChunks(workspaceId, ids)),
    answer,
    answerSources,
    answerCitations,
    documentsOf: async (knowledgeBaseId, page) =>
      toConnection(await documentPages(page, (row) => row.knowledgeBaseId).load(knowledgeBaseId), page, documentOrder),
    chunksOf: async (documentId, page) =>
      toConnection(await chunkPages(page, (row) => row.documentId).load(documentId), page, (row) => [row.ordinal]),
    forgetAnswer(id) {
      for (const loader of [answer, answerSources, answerCitations]) loader.clear(id)
    },
  }
}

/** Parents that ask for the same page are answered by one statement. */
function createPageLoaders<Row>(findPages: (ids: readonly string[], page: Page) => Promise<Row[]>) {
  const loaders = new Map<string, Loads<Row[]>>()
  return (page: Page, keyOf: (row: Row) => string): Loads<Row[]> => {
    const key = JSON.stringify([page.limit, page.after])
    const loader = loaders.get(key) ?? createGroupLoader((ids) => findPages(ids, page), keyOf)
    loaders.set(key, loader)
    return loader
  }
}
