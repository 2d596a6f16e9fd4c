// VectorStore on Qdrant. A chunk is one point: its dense vector, its terms as a sparse vector whose inverse document frequency the server adds,
// and its place and text as payload. Words are looked for in every collection, vectors in that of their space; what is asked of one collection
// is one request. Any number of processes may write.
//
// Reads see writes: a write is acknowledged when it can be found, and every search looks which collections there are now, beside the search
// itself and not before it, so that one made by another process meanwhile is searched as well.
import type { Schemas } from '@qdrant/js-client-rest'
import {
  vectorLengthWrong,
  type ChunkToStore,
  type DocumentPlace,
  type EmbeddingSpace,
  type RankedChunks,
  type StoredChunks,
  type VectorSearch,
  type VectorStore,
} from '../ports/vector-store.ts'
import { batchesOf, eachInFlight, inTurns } from './in-flight.ts'
import { createQdrantCollections, DENSE, LEXICAL, type Quantization } from './qdrant-collections.ts'
import { BATCH, lexicalQuery, matching, noKnownTerms, pointOf, type Payload } from './qdrant-points.ts'
import { createQdrantRequests, statusOf, type QdrantRequestsOptions } from './qdrant-requests.ts'
import { mergeRanked } from './merge-ranked.ts'

export interface QdrantVectorStoreOptions extends QdrantRequestsOptions {
  /** What names of this platform's collections begin with, where platforms share a server. Letters, digits, _ and -. Default `tributary`. */
  collectionPrefix?: string
  /** Default `none`. Changed at the next write into a collection. */
  quantization?: Quantization
}

/** Points of one page of `readDocument`: of 4,096 dimensions they are some 10 MB. */
const PAGE_POINTS = 100
/** One is made ready while the server is at another; of no point is there more than one. */
const WRITES_IN_FLIGHT = 2
/** Points that are made at a time: some two milliseconds. */
const POINTS_PER_TURN = 16
/** Points that one request removes by their ids. */
const REMOVED_POINTS = 1_000
/** Writes about one point take effect in the order in which they were acknowledged, whichever node of a cluster takes them. */
const WRITTEN = { wait: true, ordering: 'strong' } as const

export function createQdrantVectorStore(options: QdrantVectorStoreOptions): VectorStore {
  const { collectionPrefix: prefix = 'tributary', quantization = 'none' } = options
  const requests = createQdrantRequests(options)
  const collections = createQdrantCollections({ requests, prefix, quantization })
  const searchParams: Schemas['SearchParams'] | null =
    quantization === 'none' ? null : { quantization: { rescore: true, oversampling: 2 } }

  const known = noKnownTerms()

  /** Null when the collection is gone. */
  async function unlessGone<Result>(call: Promise<Result>): Promise<Result | null> {
    try {
      return await call
    } catch (error) {
      if (statusOf(error) === 404) return null
      throw error
    }
  }

  async function store(
    place: DocumentPlace,
    space: EmbeddingSpace | null,
    chunks: readonly ChunkToStore[],
    signal: AbortSignal,
  ): Promise<void> {
    if (chunks.length === 0) return
    const ids: Schemas['ExtendedPointId'][] = []
    const points = function* () {
      for (const chunk of chunks) {
        const point = pointOf(place, space, chunk, known)
        ids.push(point.id)
        yield point
      }
    }
    await eachInFlight(batchesOf(inTurns(points(), POINTS_PER_TURN), BATCH), WRITES_IN_FLIGHT, async (batch) => {
      const upsert = async () => {
        const collection_name = await collections.ensure(space, signal)
        await requests.write(signal, (api, init) =>
          api.upsertPoints({ collection_name, ...WRITTEN, points: batch }, init),
        )
      }
      await upsert().catch((error: unknown) => {
        if (statusOf(error) !== 404) throw error
        // Somebody dropped it since it was ensured.
        collections.forget(nameOf(space))
        return upsert()
      })
    })
    // Where the chunks were before, if they had a vector of another space, or none.
    const others = (await collections.list(signal)).filter((name) => name !== nameOf(space))
    for (let from = 0; from < ids.length; from += REMOVED_POINTS) {
      const some = ids.slice(from, from + REMOVED_POINTS)
      await Promise.all(others.map((name) => remove(name, { points: some }, signal)))
    }
  }

  const nameOf = (space: EmbeddingSpace | null) => (space === null ? collections.texts : collections.of(space))

  const remove = (collection_name: string, what: Schemas['PointsSelector'], signal: AbortSignal) =>
    unlessGone(requests.write(signal, (api, init) => api.deletePoints({ collection_name, ...WRITTEN, ...what }, init)))

  async function removeEverywhere(fields: Record<string, string>, signal: AbortSignal): Promise<void> {
    const names = await collections.list(signal)
    await Promise.all(names.map((name) => remove(name, { filter: matching(fields) }, signal)))
  }

  /** What a collection holds of a search: a list per entry of `vectors` that is of its space, and one of words. */
  async function searchIn(name: string, search: VectorSearch, words: Schemas['SparseVector'] | null) {
    const { workspaceId, knowledgeBaseIds, vectors, limit, signal } = search
    const common = {
      filter: matching({ workspace_id: workspaceId, knowledge_base_id: knowledgeBaseIds }),
      limit,
      with_payload: ['chunk_id'],
    }
    const own = vectors.map(({ space }) => collections.of(space) === name)
    const searches: Schemas['QueryRequest'][] = vectors
      .filter((_, index) => own[index])
      .map(({ vector }) => ({
        ...common,
        query: Array.from(vector),
        using: DENSE,
        ...(searchParams === null ? {} : { params: searchParams }),
      }))
    if (words !== null) searches.push({ ...common, query: words, using: LEXICAL })
    if (searches.length === 0) return null
    const found = await unlessGone(
      requests.read(signal, (api, init) => api.queryBatchPoints({ collection_name: name, searches }, init)),
    )
    const lists = (found ?? []).map(({ points }): RankedChunks =>
      points.map(({ payload, score }) => ({ chunkId: payloadOf(payload).chunk_id, score })),
    )
    return { dense: own.map((isOwn) => (isOwn ? (lists.shift() ?? []) : null)), lexical: lists.shift() ?? [] }
  }

  async function readFrom(collection_name: string, fields: Record<string, string>, signal: AbortSignal) {
    const points: Schemas['Record'][] = []
    let offset: Schemas['ExtendedPointId'] | null | undefined
    do {
      const page = await unlessGone(
        requests.read(signal, (api, init) =>
          api.scrollPoints(
            {
              collection_name,
              filter: matching(fields),
              limit: PAGE_POINTS,
              with_payload: ['chunk_id', 'text', 'model_name'],
              with_vector: collection_name === collections.texts ? false : [DENSE],
              ...(offset == null ? {} : { offset }),
            },
            init,
          ),
        ),
      )
      points.push(...(page?.points ?? []))
      offset = page?.next_page_offset as typeof offset
    } while (offset != null)
    return points
  }

  return {
    async upsert(place, space, chunks, signal) {
      signal.throwIfAborted()
      const wrong = chunks.find(({ vector }) => vector !== null && vector.length !== space?.dimensions)
      if (wrong) throw vectorLengthWrong(space?.dimensions ?? 0, wrong.vector!.length)
      const unique = [...new Map(chunks.map((chunk) => [chunk.id, chunk])).values()]
      const ofKind = (hasVector: boolean) => unique.filter(({ vector }) => (vector !== null) === hasVector)
      if (space !== null) await store(place, space, ofKind(true), signal)
      await store(place, null, ofKind(false), signal)
    },

    async search(search) {
      const { knowledgeBaseIds, vectors, text, limit, signal } = search
      signal.throwIfAborted()
      const words = text === null ? null : lexicalQuery(text)
      if (knowledgeBaseIds.length === 0 || (words === null && vectors.length === 0))
        return { dense: vectors.map(() => []), lexical: [] }
      const known = new Set(collections.known())
      const [present, ...inKnown] = await Promise.all([
        collections.list(signal),
        ...[...known].map((name) => searchIn(name, search, words)),
      ])
      const inNew = await Promise.all(
        present.filter((name) => !known.has(name)).map((name) => searchIn(name, search, words)),
      )
      const found = [...inKnown, ...inNew].filter((each) => each !== null)
      return {
        dense: vectors.map((_, index) => found.map(({ dense }) => dense[index]).find((list) => list != null) ?? []),
        lexical: mergeRanked(
          found.map(({ lexical }) => lexical),
          limit,
        ),
      }
    },

    deleteDocument: (workspaceId, documentId, signal) =>
      removeEverywhere({ workspace_id: workspaceId, document_id: documentId }, signal),

    deleteKnowledgeBase: (workspaceId, knowledgeBaseId, signal) =>
      removeEverywhere({ workspace_id: workspaceId, knowledge_base_id: knowledgeBaseId }, signal),

    async count(workspaceId, documentId, signal) {
      const filter = matching({ workspace_id: workspaceId, document_id: documentId })
      const names = await collections.list(signal)
      const counts = await Promise.all(
        names.map(async (collection_name) => {
          const counted = await unlessGone(
            requests.read(signal, (api, init) => api.countPoints({ collection_name, filter, exact: true }, init)),
          )
          return { count: counted?.count ?? 0, hasVectors: collection_name !== collections.texts }
        }),
      )
      const sum = (some: typeof counts) => some.reduce((total, { count }) => total + count, 0)
      return { texts: sum(counts), vectors: sum(counts.filter(({ hasVectors }) => hasVectors)) }
    },

    async readDocument(workspaceId, documentId, signal) {
      const stored: StoredChunks = { space: null, chunks: [] }
      for (const name of await collections.list(signal))
        for (const point of await readFrom(name, { workspace_id: workspaceId, document_id: documentId }, signal)) {
          const chunk = chunkOf(point)
          const { model_name: modelName } = payloadOf(point.payload)
          if (chunk.vector !== null) stored.space = { modelName: modelName!, dimensions: chunk.vector.length }
          stored.chunks.push(chunk)
        }
      return stored
    },

    async close() {
      requests.close()
    },
  }
}

const payloadOf = (payload: unknown): Payload => payload as Payload

function chunkOf({ payload, vector }: Schemas['Record']): ChunkToStore {
  const { chunk_id: id, text } = payloadOf(payload)
  const dense = (vector as { dense?: number[] } | null | undefined)?.[DENSE]
  return { id, text, vector: dense === undefined ? null : Float32Array.from(dense) }
}
