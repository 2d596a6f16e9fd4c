// What every VectorStore does. An adapter's test calls this with a function that opens a fresh, empty store.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { EmbeddingSpace, VectorSearch, VectorStore } from './vector-store.ts'

export function describeVectorStore(
  name: string,
  open: () => Promise<{ store: VectorStore; dispose(): Promise<void> }>,
) {
  describe(`VectorStore on ${name}`, () => {
    let store: VectorStore
    let dispose: () => Promise<void>
    beforeEach(async () => ({ store, dispose } = await open()))
    afterEach(() => dispose())

    const space: EmbeddingSpace = { modelName: 'org/model:3-axes', dimensions: 3 }
    const axis = (index: number) => new Float32Array([0, 0, 0].map((_, at) => (at === index ? 1 : 0)))
    const place = (documentId: string, knowledgeBaseId = 'kb_a', workspaceId = 'ws_a') => ({
      workspaceId,
      knowledgeBaseId,
      documentId,
    })
    const search = (wanted: Partial<VectorSearch>) =>
      store.search({
        workspaceId: 'ws_a',
        knowledgeBaseIds: ['kb_a'],
        vectors: [],
        text: null,
        limit: 10,
        signal: new AbortController().signal,
        ...wanted,
      })
    const words = async (text: string, wanted: Partial<VectorSearch> = {}) =>
      (await search({ text, ...wanted })).lexical.map(({ chunkId }) => chunkId)

    test('finds nothing in an empty store', async () => {
      expect(await search({ text: 'anything', vectors: [{ space, vector: axis(0) }] })).toEqual({
        dense: [[]],
        lexical: [],
      })
      expect(await store.count('ws_a', 'doc_none')).toEqual({ texts: 0, vectors: 0 })
    })

    test('ranks by meaning with cosine similarity, best first', async () => {
      const near = new Float32Array([0.8, 0.6, 0])
      await store.upsert(place('doc_1'), space, [
        { id: 'chunk_x', text: 'one', vector: axis(0) },
        { id: 'chunk_near', text: 'two', vector: near },
        { id: 'chunk_z', text: 'three', vector: axis(2) },
      ])
      const { dense } = await search({ vectors: [{ space, vector: axis(0) }], limit: 2 })
      expect(dense[0]!.map(({ chunkId }) => chunkId)).toEqual(['chunk_x', 'chunk_near'])
      expect(dense[0]![0]!.score).toBeCloseTo(1, 5)
      expect(dense[0]![1]!.score).toBeCloseTo(0.8, 5)
    })

    test('finds words by their stem, whatever their case and accents, and ignores stop words', async () => {
      await store.upsert(place('doc_1'), null, [
        { id: 'chunk_run', text: 'The café was RUNNING three backups.', vector: null },
        { id: 'chunk_other', text: 'Nothing of interest.', vector: null },
      ])
      for (const query of ['run', 'CAFE', 'backup', 'the running cafés'])
        expect(await words(query)).toEqual(['chunk_run'])
      expect(await words('the was of')).toEqual([])
    })

    test('takes a query of punctuation, quotes or operators as plain words', async () => {
      await store.upsert(place('doc_1'), null, [{ id: 'chunk_1', text: 'kept "as is" (really)', vector: null }])
      for (const query of ['"', "'; drop table texts; --", 'AND OR NOT', '(((', 'a:b^2~', '+really -kept'])
        await words(query)
      expect(await words("really? 'kept'")).toEqual(['chunk_1'])
    })

    test('a search sees the writes before it, and a replaced chunk is there once', async () => {
      await store.upsert(place('doc_1'), space, [{ id: 'chunk_1', text: 'walrus', vector: axis(0) }])
      expect(await words('walrus')).toEqual(['chunk_1'])
      await store.upsert(place('doc_1'), space, [{ id: 'chunk_1', text: 'pelican', vector: axis(1) }])
      expect(await words('walrus')).toEqual([])
      expect(await words('pelican')).toEqual(['chunk_1'])
      expect(await store.count('ws_a', 'doc_1')).toEqual({ texts: 1, vectors: 1 })
      const { dense } = await search({ vectors: [{ space, vector: axis(1) }] })
      expect(dense[0]).toEqual([{ chunkId: 'chunk_1', score: 1 }])
    })

    test('keeps embedding spaces apart, also of the same length', async () => {
      const other = { modelName: 'another/model', dimensions: 3 }
      await store.upsert(place('doc_1'), space, [{ id: 'chunk_1', text: 'one', vector: axis(0) }])
      await store.upsert(place('doc_2'), other, [{ id: 'chunk_2', text: 'two', vector: axis(0) }])
      const { dense } = await search({
        vectors: [
          { space, vector: axis(0) },
          { space: other, vector: axis(0) },
        ],
      })
      expect(dense.map((list) => list.map(({ chunkId }) => chunkId))).toEqual([['chunk_1'], ['chunk_2']])
    })

    test('finds only in the given knowledge bases of the workspace, and nothing without any', async () => {
      await store.upsert(place('doc_1', 'kb_a'), space, [{ id: 'chunk_a', text: 'shared word', vector: axis(0) }])
      await store.upsert(place('doc_2', 'kb_b'), space, [{ id: 'chunk_b', text: 'shared word', vector: axis(0) }])
      await store.upsert(place('doc_3', 'kb_a', 'ws_b'), space, [
        { id: 'chunk_c', text: 'shared word', vector: axis(0) },
      ])
      const vectors = [{ space, vector: axis(0) }]
      const found = async (wanted: Partial<VectorSearch>) => {
        const { dense, lexical } = await search({ text: 'shared', vectors, ...wanted })
        expect(dense[0]!.map(({ chunkId }) => chunkId).sort()).toEqual(lexical.map(({ chunkId }) => chunkId).sort())
        return lexical.map(({ chunkId }) => chunkId).sort()
      }
      expect(await found({})).toEqual(['chunk_a'])
      expect(await found({ knowledgeBaseIds: ['kb_a', 'kb_b'] })).toEqual(['chunk_a', 'chunk_b'])
      expect(await found({ workspaceId: 'ws_b' })).toEqual(['chunk_c'])
      expect(await found({ knowledgeBaseIds: [] })).toEqual([])
      expect(await found({ knowledgeBaseIds: ["kb_a') or ('1' = '1"] })).toEqual([])
      expect(await found({ workspaceId: "ws_b' or workspace_id = 'ws_a" })).toEqual([])
    })

    test('deletes exactly one document, or one knowledge base, and is content when nothing is there', async () => {
      await store.upsert(place('doc_1'), space, [{ id: 'chunk_1', text: 'word', vector: axis(0) }])
      await store.upsert(place('doc_2'), null, [{ id: 'chunk_2', text: 'word', vector: null }])
      await store.upsert(place('doc_3', 'kb_b'), space, [{ id: 'chunk_3', text: 'word', vector: axis(0) }])
      await store.upsert(place('doc_1', 'kb_a', 'ws_b'), space, [{ id: 'chunk_4', text: 'word', vector: axis(0) }])
      await store.deleteDocument('ws_a', 'doc_1')
      await store.deleteDocument('ws_a', 'doc_1')
      const everywhere = { knowledgeBaseIds: ['kb_a', 'kb_b'] }
      expect((await words('word', everywhere)).sort()).toEqual(['chunk_2', 'chunk_3'])
      expect(await store.count('ws_a', 'doc_1')).toEqual({ texts: 0, vectors: 0 })
      expect(await store.count('ws_b', 'doc_1')).toEqual({ texts: 1, vectors: 1 })
      await store.deleteKnowledgeBase('ws_a', 'kb_a')
      expect(await words('word', everywhere)).toEqual(['chunk_3'])
      expect(await words('word', { workspaceId: 'ws_b' })).toEqual(['chunk_4'])
    })

    test('counts texts and vectors of a document of more than one batch', async () => {
      const chunks = Array.from({ length: 1203 }, (_, index) => ({
        id: `chunk_${index}`,
        text: `number ${index}`,
        vector: index % 2 === 0 ? axis(index % 3) : null,
      }))
      await store.upsert(place('doc_1'), space, chunks)
      await store.upsert(place('doc_1'), space, chunks)
      expect(await store.count('ws_a', 'doc_1')).toEqual({ texts: 1203, vectors: 602 })
    })

    test('refuses a vector whose length is not that of its space', async () => {
      const chunk = { id: 'chunk_1', text: 'one', vector: new Float32Array([1, 0]) }
      await expect(store.upsert(place('doc_1'), space, [chunk])).rejects.toMatchObject({ code: 'MODEL_FAILED' })
    })

    test('stops for an aborted caller', async () => {
      const signal = AbortSignal.abort()
      await expect(search({ text: 'word', signal })).rejects.toMatchObject({ name: 'AbortError' })
    })
  })
}
