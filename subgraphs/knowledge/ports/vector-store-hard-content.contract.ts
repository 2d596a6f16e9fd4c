// What a VectorStore does with content that is hard: hostile, long, contended for, or much.
import seedrandom from 'seedrandom'
import { expect } from 'vitest'
import type { ContractCases } from '../../../test/harness/contract-case.ts'
import {
  axis,
  byId,
  CONTENDED_CHUNKS,
  expectWhole,
  findWords,
  noSignal,
  place,
  searchOf,
  space,
  unit,
  versionOf,
} from './vector-store.fixture.ts'
import type { EmbeddingSpace, VectorStore } from './vector-store.ts'

const MANY = 50_000
const DOCUMENT_CHUNKS = 5_000

export function describeHardContent(contract: ContractCases['contract'], store: () => VectorStore): void {
  contract('hostile ids and texts are what they are, and nothing more', async () => {
    const ids = [
      "it's",
      'say "so"',
      'back\\slash',
      "'; drop table texts; --",
      '${jndi:x} {{y}} $1 %s',
      'a\nb\tc',
      '🦭🇫🇮',
      'مرحبا‏שלום',
      '﻿zero\u200bwidth\u202e',
      '__proto__',
      'x'.repeat(2_000),
      ' leading and trailing ',
    ]
    for (const [index, id] of ids.entries()) {
      const where = { workspaceId: `ws_${id}`, knowledgeBaseId: `kb_${id}`, documentId: `doc_${id}` }
      const chunks = [{ id: `chunk_${id}`, text: `walrus ${id} ${'🦭 '.repeat(index)}`, vector: axis(index % 3) }]
      await store().upsert(where, space, chunks, noSignal)
      const found = await store().search(
        searchOf({
          workspaceId: where.workspaceId,
          knowledgeBaseIds: [where.knowledgeBaseId],
          text: `walrus ${id}`,
          vectors: [{ space, vector: axis(index % 3) }],
        }),
      )
      expect(found).toMatchObject({ lexical: [{ chunkId: `chunk_${id}` }], dense: [[{ chunkId: `chunk_${id}` }]] })
      expect(await store().readDocument(where.workspaceId, where.documentId, noSignal)).toEqual({ space, chunks })
    }
    for (const id of ids) {
      expect(await store().count(`ws_${id}`, `doc_${id}`, noSignal)).toEqual({ texts: 1, vectors: 1 })
      await store().deleteDocument(`ws_${id}`, `doc_${id}`, noSignal)
      expect(await store().count(`ws_${id}`, `doc_${id}`, noSignal)).toEqual({ texts: 0, vectors: 0 })
    }
  })

  contract('texts of every length are stored and found, empty ones too', async () => {
    const chunks = [
      { id: 'chunk_empty', text: '', vector: axis(0) },
      { id: 'chunk_punctuation', text: '… — !!! 🦭', vector: axis(1) },
      { id: 'chunk_long', text: `walrus ${'lorem ipsum dolor '.repeat(12_000)}`, vector: axis(2) },
      { id: 'chunk_word', text: 'w'.repeat(60_000), vector: null },
    ]
    await store().upsert(place('doc_1'), space, chunks, noSignal)
    expect(await findWords(store(), 'walrus')).toEqual(['chunk_long'])
    expect(byId((await store().readDocument('ws_a', 'doc_1', noSignal)).chunks)).toEqual(byId(chunks))
    expect(await store().count('ws_a', 'doc_1', noSignal)).toEqual({ texts: 4, vectors: 3 })
  })

  contract('concurrent writers on one document leave what one of them wrote, whole', async () => {
    const writers = [0, 1, 2]
    await Promise.all(writers.map((writer) => store().upsert(place('doc_1'), space, versionOf(writer), noSignal)))
    await expectWhole(store(), 'doc_1', writers)
    await Promise.all([
      store().upsert(
        place('doc_2'),
        space,
        versionOf(0).map((chunk) => ({ ...chunk, id: `b_${chunk.id}` })),
        noSignal,
      ),
      store().deleteDocument('ws_a', 'doc_1', noSignal),
      store().deleteDocument('ws_a', 'doc_1', noSignal),
    ])
    expect(await store().count('ws_a', 'doc_1', noSignal)).toEqual({ texts: 0, vectors: 0 })
    expect(await store().count('ws_a', 'doc_2', noSignal)).toEqual({
      texts: CONTENDED_CHUNKS,
      vectors: CONTENDED_CHUNKS,
    })
  })

  contract(
    'of 50,000 vectors the nearest are found, and in a small knowledge base among them its own',
    async () => {
      const random = seedrandom('50,000 vectors')
      const wide: EmbeddingSpace = { modelName: 'org/model:8', dimensions: 8 }
      const vectors = Array.from({ length: MANY }, () => unit(Array.from({ length: 8 }, () => random() - 0.5)))
      for (let from = 0; from < MANY; from += DOCUMENT_CHUNKS)
        await store().upsert(
          place(`doc_${from}`),
          wide,
          vectors
            .slice(from, from + DOCUMENT_CHUNKS)
            .map((vector, index) => ({ id: `chunk_${from + index}`, text: `walrus number${from + index}`, vector })),
          noSignal,
        )
      const question = vectors[31_415]!
      // The opposite of what is asked: everything else is nearer.
      const own = { id: 'chunk_own', text: 'walrus apart', vector: question.map((value) => -value) }
      await store().upsert(place('doc_own', 'kb_small'), wide, [own], noSignal)

      const expected = vectors
        .map((vector, index) => ({
          id: `chunk_${index}`,
          score: vector.reduce((sum, value, at) => sum + value * question[at]!, 0),
        }))
        .toSorted((a, b) => b.score - a.score)
        .slice(0, 10)
      const search = { text: 'walrus number31415', vectors: [{ space: wide, vector: question }] }
      const { dense, lexical } = await store().search(searchOf(search))
      expect(dense[0]![0]).toMatchObject({ chunkId: 'chunk_31415', score: expect.closeTo(1, 4) as number })
      // Approximate indexes may miss one.
      const found = new Set(dense[0]!.map(({ chunkId }) => chunkId))
      expect(expected.filter(({ id }) => found.has(id)).length).toBeGreaterThanOrEqual(9)
      expect(lexical[0]).toMatchObject({ chunkId: 'chunk_31415' })
      expect(lexical).toHaveLength(10)
      expect(await store().search(searchOf({ ...search, knowledgeBaseIds: ['kb_small'] }))).toMatchObject({
        dense: [[{ chunkId: 'chunk_own' }]],
        lexical: [{ chunkId: 'chunk_own' }],
      })
      expect(await store().count('ws_a', 'doc_30000', noSignal)).toEqual({
        texts: DOCUMENT_CHUNKS,
        vectors: DOCUMENT_CHUNKS,
      })
      await store().deleteDocument('ws_a', 'doc_30000', noSignal)
      expect((await store().search(searchOf(search))).dense[0]!.map(({ chunkId }) => chunkId)).not.toContain(
        'chunk_31415',
      )
    },
    300_000,
  )
}
