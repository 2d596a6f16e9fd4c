// What the suites of VectorStore share: a small embedding space whose similarities are plain to see, and searches with everything unsaid filled in.
import { expect } from 'vitest'
import type { ChunkToStore, EmbeddingSpace, VectorSearch, VectorStore } from './vector-store.ts'

export const space: EmbeddingSpace = { modelName: 'org/model:3-axes', dimensions: 3 }

export const axis = (index: number) => new Float32Array([0, 0, 0].map((_, at) => (at === index ? 1 : 0)))

/** The same direction, of length 1. */
export const unit = (values: readonly number[]) => {
  const length = Math.hypot(...values)
  return Float32Array.from(values.map((value) => value / length))
}

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

/** More than any adapter sends at once, so that what writers send interleaves. */
export const CONTENDED_CHUNKS = 600

/** What one of several writers has to say of the same chunks; of three writers at most, whose vectors are told apart. */
export const versionOf = (writer: number): ChunkToStore[] =>
  Array.from({ length: CONTENDED_CHUNKS }, (_, index) => ({
    id: `chunk_${index}`,
    text: `walrus version${writer} number${index}`,
    vector: nearAxis(writer, index),
  }))

/** Another one for every index, since graphs of neighbours do not find all of many equal vectors; each at most 18 degrees from the axis. */
function nearAxis(writer: number, index: number): Float32Array {
  const [distance, angle] = [(0.3 * (index + 1)) / CONTENDED_CHUNKS, index]
  const values = [0, 1, 2].map((at) =>
    at === writer ? 1 : distance * (at === (writer + 1) % 3 ? Math.cos(angle) : Math.sin(angle)),
  )
  const length = Math.hypot(...values)
  return Float32Array.from(values, (value) => value / length)
}

/** The largest difference of a stored number that 32-bit floats excuse. */
const ROUNDING = 1e-6
/** Of what is near, the share that a search finds at least: graphs of neighbours miss one now and then. */
const FOUND_SHARE = 0.98

/** Every chunk is in the document once, as one of the writers wrote it, and is found as that and as nothing else. */
export async function expectWhole(store: VectorStore, documentId: string, writers: readonly number[]): Promise<void> {
  const all = CONTENDED_CHUNKS
  expect(await store.count('ws_a', documentId, noSignal)).toEqual({ texts: all, vectors: all })
  const chunks = byId((await store.readDocument('ws_a', documentId, noSignal)).chunks)
  const versions = writers.map((writer) => byId(versionOf(writer)))
  const writerOf = ({ text }: ChunkToStore) => writers.findIndex((writer) => text.includes(`version${writer} `))
  const expected = chunks.map((chunk, index) => versions[writerOf(chunk)]?.[index])
  const withoutVector = ({ id, text }: ChunkToStore) => ({ id, text })
  expect(chunks.map(withoutVector)).toEqual(expected.map((chunk) => chunk && withoutVector(chunk)))
  const differences = chunks.map(({ vector }, at) =>
    Math.max(...vector!.map((value, axisAt) => Math.abs(value - expected[at]!.vector![axisAt]!))),
  )
  expect(Math.max(...differences)).toBeLessThan(ROUNDING)

  for (const [at, writer] of writers.entries()) {
    const own = new Set(chunks.filter((chunk) => writerOf(chunk) === at).map(({ id }) => id))
    const { dense, lexical } = await store.search(
      searchOf({ text: `version${writer}`, vectors: [{ space, vector: axis(writer) }], limit: 1_000 }),
    )
    expect(new Set(lexical.map(({ chunkId }) => chunkId))).toEqual(own)
    const near = dense[0]!.filter(({ score }) => score > 0.5).map(({ chunkId }) => chunkId)
    expect(near.filter((id) => !own.has(id))).toEqual([])
    expect(new Set(near).size).toBe(near.length)
    expect(near.length).toBeGreaterThanOrEqual(own.size * FOUND_SHARE)
  }
}
