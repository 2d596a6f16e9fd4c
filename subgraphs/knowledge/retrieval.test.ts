import { expect, test } from 'vitest'
import type { Database } from '#shared/database.ts'
import { serviceIdentity } from '../../contracts/identity.ts'
import type { RankedChunks, VectorStore } from './ports/vector-store.ts'
import { createRetrieval } from './retrieval.ts'
import type { KnowledgeBaseRow } from './tables.ts'

test('chunks of equal score come in one order, whatever order the store gives them in', async () => {
  const scores: RankedChunks = [
    { chunkId: 'chk_b', score: 2 },
    { chunkId: 'chk_d', score: 1 },
    { chunkId: 'chk_a', score: 1 },
    { chunkId: 'chk_c', score: 1 },
  ]
  const found = async (lexical: RankedChunks) => {
    const rows = scores.map(({ chunkId }) => ({ chunk: { id: chunkId }, documentTitle: 'Title' }))
    const select = { from: () => select, innerJoin: () => select, where: async () => rows }
    const vectorStore: Pick<VectorStore, 'search'> = { search: async () => ({ dense: [], lexical }) }
    const retrieval = createRetrieval({
      database: { sql: { select: () => select } } as unknown as Database,
      vectorStore: vectorStore as VectorStore,
      embedQuestion: async () => null,
    })
    const { hits } = await retrieval.retrieve({
      identity: serviceIdentity('ws_1', 'knowledge'),
      knowledgeBases: [{ id: 'kb_1', embeddingModelName: null } as KnowledgeBaseRow],
      question: 'How high is the tower?',
      mode: 'LEXICAL',
      limit: 3,
      signal: new AbortController().signal,
    })
    return hits.map(({ chunk }) => chunk.id)
  }
  expect(await found(scores)).toEqual(['chk_b', 'chk_a', 'chk_c'])
  expect(await found(scores.toReversed())).toEqual(['chk_b', 'chk_a', 'chk_c'])
})
