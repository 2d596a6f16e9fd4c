// What the suites of VectorStore share: a small embedding space whose similarities are plain to see, and searches with everything unsaid filled in.
import type { ChunkToStore, EmbeddingSpace, VectorSearch, VectorStore } from './vector-store.ts'

export const space: EmbeddingSpace = { modelName: 'org/model:3-axes', dimensions: 3 }

export const axis = (index: number) => new Float32Array([0, 0, 0].map((_, at) => (at === index ? 1 : 0)))

export const place = (documentId: string, knowledgeBaseId = 'kb_a', workspaceId = 'ws_a') => ({
  workspaceId,
  knowledgeBaseId,
  documentId,
})

export const noSignal = new AbortController().signal

export const searchOf = (wanted: Partial<VectorSearch>): VectorSearch => ({
  workspaceId: 'ws_a',
  knowledgeBaseIds: ['kb_a'],
  vectors: [],
  text: null,
  limit: 10,
  signal: noSignal,
  ...wanted,
})

/** Ids of the chunks that are found by words, best first. */
export const findWords = async (store: VectorStore, text: string, wanted: Partial<VectorSearch> = {}) =>
  (await store.search(searchOf({ text, ...wanted }))).lexical.map(({ chunkId }) => chunkId)

export const byId = (chunks: readonly ChunkToStore[]) => chunks.toSorted((a, b) => (a.id < b.id ? -1 : 1))
