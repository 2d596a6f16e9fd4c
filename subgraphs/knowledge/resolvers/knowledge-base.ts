// Fields of knowledge bases, documents, chunks and search hits.
import { readPage } from '#shared/graphql/connection.ts'
import type { Resolvers } from '../schema.generated.ts'

export const knowledgeBaseResolvers: Pick<Resolvers, 'KnowledgeBase' | 'Document' | 'Chunk' | 'SearchHit'> = {
  KnowledgeBase: {
    __resolveReference: async ({ id }, { loaders }) => loaders.knowledgeBase.load(id),
    embeddingModel: ({ embeddingModelId }) =>
      embeddingModelId === null ? null : { __typename: 'Model', id: embeddingModelId },
    documentCount: async ({ id }, _arguments, { loaders }) =>
      (await loaders.contentCounts.load(id))?.documentCount ?? 0,
    chunkCount: async ({ id }, _arguments, { loaders }) => (await loaders.contentCounts.load(id))?.chunkCount ?? 0,
    documents: ({ id }, page, { loaders }) => loaders.documentsOf(id, readPage(page)),
    search: (knowledgeBase, { query, first, mode }, { searchKnowledgeBase, identity, signal }) =>
      searchKnowledgeBase({
        identity,
        knowledgeBase,
        query,
        first: first ?? 10,
        mode: mode ?? 'HYBRID',
        signal,
      }),
  },
  Document: {
    __resolveReference: async ({ id }, { loaders }) => loaders.document.load(id),
    knowledgeBase: async ({ knowledgeBaseId }, _arguments, { loaders }) =>
      (await loaders.knowledgeBase.load(knowledgeBaseId))!,
    text: async ({ id }, _arguments, { loaders }) => (await loaders.documentText.load(id))?.text ?? null,
    chunks: ({ id }, page, { loaders }) => loaders.chunksOf(id, readPage(page)),
  },
  Chunk: {
    __resolveReference: async ({ id }, { loaders }) => loaders.chunk.load(id),
    document: async ({ documentId }, _arguments, { loaders }) => (await loaders.document.load(documentId))!,
    span: ({ startOffset, endOffset, pages }) => ({ startOffset, endOffset, page: pages[0]?.page ?? null }),
  },
  SearchHit: {
    chunk: ({ chunk }) => chunk,
  },
}
