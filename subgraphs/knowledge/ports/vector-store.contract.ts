// What every VectorStore does. An adapter's test calls this with a function that opens a fresh, empty store.
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { contractCases, type ContractSkips } from '../../../test/harness/contract-case.ts'
import { describeHardContent } from './vector-store-hard-content.contract.ts'
import { axis, byId, findWords, noSignal, place, searchOf, space } from './vector-store.fixture.ts'
import type { VectorSearch, VectorStore } from './vector-store.ts'

export interface VectorStoreUnderTest {
  store: VectorStore
  /** Closes the store and removes what it stored. */
  dispose(): Promise<void>
}

export function describeVectorStore(
  name: string,
  open: () => Promise<VectorStoreUnderTest>,
  skips: ContractSkips = {},
): void {
  describe(`VectorStore on ${name}`, () => {
    const { contract, end } = contractCases(skips)
    let store: VectorStore
    let dispose: () => Promise<void>
    beforeEach(async () => ({ store, dispose } = await open()))
    afterEach(() => dispose())

    const search = (wanted: Partial<VectorSearch>) => store.search(searchOf(wanted))
    const words = (text: string, wanted: Partial<VectorSearch> = {}) => findWords(store, text, wanted)

    contract('finds nothing in an empty store', async () => {
      expect(await search({ text: 'anything', vectors: [{ space, vector: axis(0) }] })).toEqual({
        dense: [[]],
        lexical: [],
      })
      expect(await store.count('ws_a', 'doc_none', noSignal)).toEqual({ texts: 0, vectors: 0 })
    })

    contract('ranks by meaning with cosine similarity, best first', async () => {
      const near = new Float32Array([0.8, 0.6, 0])
      await store.upsert(
        place('doc_1'),
        space,
        [
          { id: 'chunk_x', text: 'one', vector: axis(0) },
          { id: 'chunk_near', text: 'two', vector: near },
          { id: 'chunk_z', text: 'three', vector: axis(2) },
        ],
        noSignal,
      )
      const { dense } = await search({ vectors: [{ space, vector: axis(0) }], limit: 2 })
      expect(dense[0]!.map(({ chunkId }) => chunkId)).toEqual(['chunk_x', 'chunk_near'])
      expect(dense[0]![0]!.score).toBeCloseTo(1, 5)
      expect(dense[0]![1]!.score).toBeCloseTo(0.8, 5)
    })

    contract('finds words by their stem, whatever their case and accents, and ignores stop words', async () => {
      await store.upsert(
        place('doc_1'),
        null,
        [
          { id: 'chunk_run', text: 'The café was RUNNING three backups.', vector: null },
          { id: 'chunk_other', text: 'Nothing of interest.', vector: null },
        ],
        noSignal,
      )
      for (const query of ['run', 'CAFE', 'backup', 'the running cafés'])
        expect(await words(query)).toEqual(['chunk_run'])
      expect(await words('the was of')).toEqual([])
    })

    contract('takes a query of punctuation, quotes or operators as plain words', async () => {
      await store.upsert(
        place('doc_1'),
        null,
        [{ id: 'chunk_1', text: 'kept "as is" (really)', vector: null }],
        noSignal,
      )
      for (const query of ['"', "'; drop table texts; --", 'AND OR NOT', '(((', 'a:b^2~', '+really -kept'])
        await words(query)
      expect(await words("really? 'kept'")).toEqual(['chunk_1'])
    })

    contract('a search sees the writes before it, and a replaced chunk is there once', async () => {
      await store.upsert(place('doc_1'), space, [{ id: 'chunk_1', text: 'walrus', vector: axis(0) }], noSignal)
      expect(await words('walrus')).toEqual(['chunk_1'])
      await store.upsert(place('doc_1'), space, [{ id: 'chunk_1', text: 'pelican', vector: axis(1) }], noSignal)
      expect(await words('walrus')).toEqual([])
      expect(await words('pelican')).toEqual(['chunk_1'])
      expect(await store.count('ws_a', 'doc_1', noSignal)).toEqual({ texts: 1, vectors: 1 })
      const { dense } = await search({ vectors: [{ space, vector: axis(1) }] })
      expect(dense[0]).toEqual([{ chunkId: 'chunk_1', score: 1 }])
    })

    contract('keeps embedding spaces apart, also of the same length and with names that look alike', async () => {
      const spaces = ['org/model:3-axes', 'another/model', 'org-model-3-axes', 'ORG/model:3-axes'].map((modelName) => ({
        modelName,
        dimensions: 3,
      }))
      for (const [index, each] of spaces.entries())
        await store.upsert(
          place(`doc_${index}`),
          each,
          [{ id: `chunk_${index}`, text: 'one', vector: axis(0) }],
          noSignal,
        )
      const { dense } = await search({ vectors: spaces.map((each) => ({ space: each, vector: axis(0) })) })
      const found = dense.map((list) => list.map(({ chunkId }) => chunkId))
      expect(found).toEqual([['chunk_0'], ['chunk_1'], ['chunk_2'], ['chunk_3']])
    })

    contract('finds only in the given knowledge bases of the workspace, and nothing without any', async () => {
      await store.upsert(
        place('doc_1', 'kb_a'),
        space,
        [{ id: 'chunk_a', text: 'shared word', vector: axis(0) }],
        noSignal,
      )
      await store.upsert(
        place('doc_2', 'kb_b'),
        space,
        [{ id: 'chunk_b', text: 'shared word', vector: axis(0) }],
        noSignal,
      )
      await store.upsert(
        place('doc_3', 'kb_a', 'ws_b'),
        space,
        [{ id: 'chunk_c', text: 'shared word', vector: axis(0) }],
        noSignal,
      )
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

    contract('deletes exactly one document, or one knowledge base, and is content when nothing is there', async () => {
      await store.upsert(place('doc_1'), space, [{ id: 'chunk_1', text: 'word', vector: axis(0) }], noSignal)
      await store.upsert(place('doc_2'), null, [{ id: 'chunk_2', text: 'word', vector: null }], noSignal)
      await store.upsert(place('doc_3', 'kb_b'), space, [{ id: 'chunk_3', text: 'word', vector: axis(0) }], noSignal)
      await store.upsert(
        place('doc_1', 'kb_a', 'ws_b'),
        space,
        [{ id: 'chunk_4', text: 'word', vector: axis(0) }],
        noSignal,
      )
      await store.deleteDocument('ws_a', 'doc_1', noSignal)
      await store.deleteDocument('ws_a', 'doc_1', noSignal)
      const everywhere = { knowledgeBaseIds: ['kb_a', 'kb_b'] }
      expect((await words('word', everywhere)).sort()).toEqual(['chunk_2', 'chunk_3'])
      expect(await store.count('ws_a', 'doc_1', noSignal)).toEqual({ texts: 0, vectors: 0 })
      expect(await store.count('ws_b', 'doc_1', noSignal)).toEqual({ texts: 1, vectors: 1 })
      await store.deleteKnowledgeBase('ws_a', 'kb_a', noSignal)
      expect(await words('word', everywhere)).toEqual(['chunk_3'])
      expect(await words('word', { workspaceId: 'ws_b' })).toEqual(['chunk_4'])
    })

    contract('counts texts and vectors of a document of more than one batch', async () => {
      const chunks = Array.from({ length: 1203 }, (_, index) => ({
        id: `chunk_${index}`,
        text: `number ${index}`,
        vector: index % 2 === 0 ? axis(index % 3) : null,
      }))
      await store.upsert(place('doc_1'), space, chunks, noSignal)
      await store.upsert(place('doc_1'), space, chunks, noSignal)
      expect(await store.count('ws_a', 'doc_1', noSignal)).toEqual({ texts: 1203, vectors: 602 })
    })

    contract('refuses a vector whose length is not that of its space', async () => {
      const chunk = { id: 'chunk_1', text: 'one', vector: new Float32Array([1, 0]) }
      await expect(store.upsert(place('doc_1'), space, [chunk], noSignal)).rejects.toMatchObject({
        code: 'MODEL_FAILED',
      })
    })

    contract('keeps one id in two workspaces as two chunks', async () => {
      const chunk = { id: 'chunk_1', text: 'walrus', vector: axis(0) }
      await store.upsert(place('doc_1'), space, [chunk], noSignal)
      await store.upsert(place('doc_1', 'kb_a', 'ws_b'), space, [{ ...chunk, text: 'pelican' }], noSignal)
      expect(await words('walrus')).toEqual(['chunk_1'])
      expect(await words('pelican', { workspaceId: 'ws_b' })).toEqual(['chunk_1'])
      await store.deleteDocument('ws_b', 'doc_1', noSignal)
      expect(await words('walrus')).toEqual(['chunk_1'])
    })

    contract('a replaced chunk loses its vector when it comes without one, or with one of another space', async () => {
      const other = { modelName: 'another/model', dimensions: 2 }
      const text = 'walrus'
      const chunks = ['chunk_1', 'chunk_2', 'chunk_3'].map((id) => ({ id, text, vector: axis(0) }))
      await store.upsert(place('doc_1'), space, chunks, noSignal)
      await store.upsert(place('doc_1'), null, [{ id: 'chunk_1', text, vector: null }], noSignal)
      const moved = { id: 'chunk_2', text, vector: Float32Array.of(0, 1) }
      await store.upsert(place('doc_1'), other, [moved], noSignal)
      const vectors = [
        { space, vector: axis(0) },
        { space: other, vector: Float32Array.of(0, 1) },
      ]
      const { dense, lexical } = await search({ text, vectors })
      expect(dense.map((list) => list.map(({ chunkId }) => chunkId))).toEqual([['chunk_3'], ['chunk_2']])
      expect(lexical).toHaveLength(3)
      expect(await store.count('ws_a', 'doc_1', noSignal)).toEqual({ texts: 3, vectors: 2 })
    })

    contract('reads a document as it was stored, and nothing of another', async () => {
      const chunks = Array.from({ length: 1203 }, (_, index) => ({
        id: `chunk_${index}`,
        text: `number ${index} — “as it stands”\n\tof 𝟙𝟚`,
        vector: index % 3 === 0 ? null : new Float32Array([0.6, 0.8, 0].map((_, at, all) => all[(at + index) % 3]!)),
      }))
      await store.upsert(place('doc_1'), space, chunks, noSignal)
      await store.upsert(place('doc_2'), space, [{ id: 'chunk_x', text: 'x', vector: axis(0) }], noSignal)
      await store.upsert(place('doc_1', 'kb_a', 'ws_b'), null, [{ id: 'chunk_y', text: 'y', vector: null }], noSignal)
      const read = await store.readDocument('ws_a', 'doc_1', noSignal)
      expect(read.space).toEqual(space)
      expect(byId(read.chunks)).toEqual(byId(chunks))
      expect(await store.readDocument('ws_b', 'doc_1', noSignal)).toEqual({
        space: null,
        chunks: [{ id: 'chunk_y', text: 'y', vector: null }],
      })
      expect(await store.readDocument('ws_a', 'doc_none', noSignal)).toEqual({ space: null, chunks: [] })
    })

    contract('every call ends for an aborted caller, with the reason that it gave', async () => {
      await store.upsert(place('doc_1'), space, [{ id: 'chunk_1', text: 'walrus', vector: axis(0) }], noSignal)
      const calls: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
        upsert: (signal) =>
          store.upsert(place('doc_1'), space, [{ id: 'chunk_2', text: 'walrus', vector: axis(0) }], signal),
        search: (signal) => search({ text: 'walrus', vectors: [{ space, vector: axis(0) }], signal }),
        'search of nothing': (signal) => search({ knowledgeBaseIds: [], text: 'walrus', signal }),
        deleteDocument: (signal) => store.deleteDocument('ws_a', 'doc_1', signal),
        deleteKnowledgeBase: (signal) => store.deleteKnowledgeBase('ws_a', 'kb_a', signal),
        count: (signal) => store.count('ws_a', 'doc_1', signal),
        readDocument: (signal) => store.readDocument('ws_a', 'doc_1', signal),
      }
      const reason = new Error('The caller left.')
      for (const [name, call] of Object.entries(calls))
        await expect(call(AbortSignal.abort(reason)), name).rejects.toBe(reason)
      await expect(search({ text: 'word', signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
      // Nothing of it had begun.
      expect(await words('walrus')).toEqual(['chunk_1'])
      for (const [name, call] of Object.entries(calls)) {
        const controller = new AbortController()
        const outcome = call(controller.signal).then(
          () => 'done',
          (error: unknown) => error,
        )
        controller.abort(reason)
        expect([reason, 'done'], name).toContain(await outcome)
      }
    })

    contract('vectors of one model name in other dimensions are another space', async () => {
      const wider = { ...space, dimensions: 5 }
      const vector = Float32Array.of(0, 0, 0, 0, 1)
      await store.upsert(place('doc_1'), space, [{ id: 'chunk_1', text: 'walrus', vector: axis(0) }], noSignal)
      await store.upsert(place('doc_2'), wider, [{ id: 'chunk_2', text: 'walrus', vector }], noSignal)
      const { dense } = await search({
        vectors: [
          { space, vector: axis(0) },
          { space: wider, vector },
        ],
      })
      expect(dense).toMatchObject([[{ chunkId: 'chunk_1' }], [{ chunkId: 'chunk_2' }]])
      await store.deleteKnowledgeBase('ws_a', 'kb_a', noSignal)
      expect(await store.count('ws_a', 'doc_2', noSignal)).toEqual({ texts: 0, vectors: 0 })
    })

    describeHardContent(contract, () => store)
    end()
  })
}
