// VectorStore on Chroma. A chunk is one record: its vector, its text as document, its place and terms as metadata, by which every request is
// restricted. Words are looked for in every collection, vectors in that of their space (HNSW, cosine). Any number of processes may write.
//
// A server of one's own does not rank words: sparse vectors and the Search API are those of Chroma Cloud. It does find records by a term in a list of
// their metadata, so those that have one of the terms are fetched with the weights of their terms and ranked here, as many as a bound allows.
// Reads see writes: Chroma shows a write to every read after it, and every search looks which collections there are now.
import type { Where } from 'chromadb'
import { rankByTerms, type TermCandidate } from '../domain/rank-by-terms.ts'
import {
  vectorLengthWrong,
  type ChunkToStore,
  type EmbeddingSpace,
  type RankedChunks,
  type StoredChunks,
  type VectorSearch,
  type VectorStore,
} from '../ports/vector-store.ts'
import { createChromaCollections, DEFAULT_PREFIX, type KnownCollection } from './chroma-collections.ts'
import {
  chunkMetadata,
  inScope,
  placeholderVector,
  recordId,
  soughtTerms,
  withTerms,
  type ChunkMetadata,
} from './chroma-records.ts'
import { createChromaRequests, saysNotFound, type ChromaRequestsOptions } from './chroma-requests.ts'

export interface ChromaVectorStoreOptions extends ChromaRequestsOptions {
  /** What names of this platform's collections begin with, where platforms share a server. Letters, digits, _ and -. Default `tributary`. */
  collectionPrefix?: string
}

/** Records per write: of 4,096 dimensions they are some 25 MB of JSON, the server takes 40 MB. It takes at most as many records as it says. */
const WRITE_RECORDS = 256
/** Records per read of `readDocument`. */
const READ_RECORDS = 500
/** Records that one request deletes. */
const DELETE_RECORDS = 5_000
/** Records of a collection that one request fetches to be ranked. */
const CANDIDATES = 2_000

export function createChromaVectorStore(options: ChromaVectorStoreOptions): VectorStore {
  const { collectionPrefix: prefix = DEFAULT_PREFIX } = options
  const requests = createChromaRequests(options)
  const collections = createChromaCollections(requests, prefix)

  /** Null when the collection is gone. */
  async function unlessGone<Result>(call: Promise<Result>): Promise<Result | null> {
    try {
      return await call
    } catch (error) {
      if (saysNotFound(error)) return null
      throw error
    }
  }

  const recordsPerWrite = (signal: AbortSignal): Promise<number> =>
    requests.read(signal, async (client) => Math.min(WRITE_RECORDS, await client.getMaxBatchSize()))

  async function deleteWhere({ id }: KnownCollection, where: Where, signal: AbortSignal): Promise<void> {
    for (;;) {
      const outcome = await unlessGone(
        requests.write(signal, (client) => client.collection(id).delete({ where, limit: DELETE_RECORDS })),
      )
      if ((outcome?.deleted ?? 0) < DELETE_RECORDS) return
    }
  }

  async function deleteEverywhere(where: Where, signal: AbortSignal): Promise<void> {
    for (const collection of (await collections.list(signal)).values()) await deleteWhere(collection, where, signal)
  }

  async function idsOf({ id }: KnownCollection, where: Where, signal: AbortSignal): Promise<string[]> {
    const found = await unlessGone(requests.read(signal, (client) => client.collection(id).get({ where, include: [] })))
    return found?.ids ?? []
  }

  async function findCandidates({ id }: KnownCollection, where: Where, signal: AbortSignal): Promise<ChunkMetadata[]> {
    const found = await unlessGone(
      requests.read(signal, (client) =>
        client.collection(id).get<ChunkMetadata>({ where, limit: CANDIDATES, include: ['metadatas'] }),
      ),
    )
    return (found?.metadatas ?? []).filter((metadata) => metadata !== null)
  }

  /** Those of a collection that have one of the terms, or the most telling of them, and how many there are of all. */
  async function searchWords(collection: KnownCollection, scope: Where, terms: string[], signal: AbortSignal) {
    const [textCount, some] = await Promise.all([
      unlessGone(requests.read(signal, (client) => client.collection(collection.id).count())),
      findCandidates(collection, withTerms(scope, terms, '$or'), signal),
    ])
    const found = new Map(some.map((metadata) => [metadata.chunk, metadata]))
    if (some.length === CANDIDATES && terms.length > 1)
      // There are more. Those that have all terms, and those that have a rare one, are not to be missed.
      for (const where of [withTerms(scope, terms, '$and'), ...terms.map((term) => withTerms(scope, [term], '$or'))])
        for (const metadata of await findCandidates(collection, where, signal)) found.set(metadata.chunk, metadata)
    const candidates = [...found].map(([id, metadata]): TermCandidate => ({
      id,
      weights: new Map(metadata.terms.map((term, at) => [term, metadata.weights[at]!])),
    }))
    return { candidates, textCount: textCount ?? 0 }
  }

  async function searchVector(
    { id }: KnownCollection,
    vector: Float32Array,
    { where, limit, signal }: { where: Where; limit: number; signal: AbortSignal },
  ): Promise<RankedChunks> {
    const found = await unlessGone(
      requests.read(signal, (client) =>
        client.collection(id).query<ChunkMetadata>({
          queryEmbeddings: [Array.from(vector)],
          nResults: limit,
          where,
          include: ['metadatas', 'distances'],
        }),
      ),
    )
    const [metadatas = [], distances = []] = [found?.metadatas[0], found?.distances[0]]
    return metadatas.map((metadata, at) => ({ chunkId: metadata!.chunk, score: 1 - distances[at]! }))
  }

  /** What a collection holds of a search: a list per vector, null for those of other spaces, and what words find. */
  async function searchIn(collection: KnownCollection, search: VectorSearch, terms: string[]) {
    const { workspaceId, knowledgeBaseIds, vectors, limit, signal } = search
    const where = inScope(workspaceId, 'knowledge_base', knowledgeBaseIds)
    const [words, ...dense] = await Promise.all([
      terms.length === 0 ? { candidates: [], textCount: 0 } : searchWords(collection, where, terms, signal),
      ...vectors.map(({ space, vector }) =>
        collections.nameOf(space) === collection.name
          ? searchVector(collection, vector, { where, limit, signal })
          : null,
      ),
    ])
    return { words, dense }
  }

  async function store(
    space: EmbeddingSpace | null,
    records: [id: string, metadata: ChunkMetadata, chunk: ChunkToStore][],
    signal: AbortSignal,
  ) {
    if (records.length === 0) return
    const own = await collections.ensure(space, signal)
    const size = await recordsPerWrite(signal)
    for (let from = 0; from < records.length; from += size) {
      const batch = records.slice(from, from + size)
      const ids = batch.map(([id]) => id)
      await requests.write(signal, (client) =>
        client.collection(own.id).upsert({
          ids,
          embeddings: batch.map(([id, , { vector }]) => (vector === null ? placeholderVector(id) : Array.from(vector))),
          documents: batch.map(([, , { text }]) => text),
          metadatas: batch.map(([, metadata]) => metadata),
        }),
      )
      // Where the chunks were before, if they had a vector of another space, or none.
      for (const other of (await collections.list(signal)).values())
        if (other.name !== own.name)
          await unlessGone(requests.write(signal, (client) => client.collection(other.id).delete({ ids })))
    }
  }

  return {
    async upsert(place, space, chunks, signal) {
      signal.throwIfAborted()
      const wrong = chunks.find(({ vector }) => vector !== null && vector.length !== space?.dimensions)
      if (wrong) throw vectorLengthWrong(space?.dimensions ?? 0, wrong.vector!.length)
      const { workspaceId } = place
      const recordsOf = (hasVector: boolean) =>
        [...new Map(chunks.map((chunk) => [recordId(workspaceId, chunk.id), chunk]))]
          .filter(([, { vector }]) => (vector !== null) === hasVector)
          .map(([id, chunk]): [string, ChunkMetadata, ChunkToStore] => [id, chunkMetadata(place, chunk), chunk])
      await collections.list(signal)
      if (space !== null) await store(space, recordsOf(true), signal)
      await store(null, recordsOf(false), signal)
    },

    async search(search) {
      const { knowledgeBaseIds, vectors, text, limit, signal } = search
      signal.throwIfAborted()
      const terms = text === null ? [] : soughtTerms(text)
      if (knowledgeBaseIds.length === 0 || (terms.length === 0 && vectors.length === 0))
        return { dense: vectors.map(() => []), lexical: [] }
      const known = collections.known()
      const searchAll = (some: KnownCollection[]) => Promise.all(some.map((each) => searchIn(each, search, terms)))
      const [present, inKnown] = await Promise.all([collections.list(signal), searchAll([...known.values()])])
      const found = [...inKnown, ...(await searchAll([...present.values()].filter(({ name }) => !known.has(name))))]
      const candidates = new Map(found.flatMap(({ words }) => words.candidates.map((each) => [each.id, each] as const)))
      const ranked = rankByTerms({
        terms,
        candidates: [...candidates.values()],
        textCount: found.reduce((sum, { words }) => sum + words.textCount, 0),
      })
      return {
        dense: vectors.map((_, index) => found.map(({ dense }) => dense[index]).find((list) => list != null) ?? []),
        lexical: ranked.slice(0, limit).map(({ id, score }) => ({ chunkId: id, score })),
      }
    },

    deleteDocument: (workspaceId, documentId, signal) =>
      deleteEverywhere(inScope(workspaceId, 'document', [documentId]), signal),

    deleteKnowledgeBase: (workspaceId, knowledgeBaseId, signal) =>
      deleteEverywhere(inScope(workspaceId, 'knowledge_base', [knowledgeBaseId]), signal),

    async count(workspaceId, documentId, signal) {
      const counts = { texts: 0, vectors: 0 }
      for (const collection of (await collections.list(signal)).values()) {
        const ids = await idsOf(collection, inScope(workspaceId, 'document', [documentId]), signal)
        counts.texts += ids.length
        if (collection.space !== null) counts.vectors += ids.length
      }
      return counts
    },

    async readDocument(workspaceId, documentId, signal) {
      const stored: StoredChunks = { space: null, chunks: [] }
      for (const collection of (await collections.list(signal)).values()) {
        const { id: collectionId, space } = collection
        // By their ids, since pages by number move while others write.
        const ids = await idsOf(collection, inScope(workspaceId, 'document', [documentId]), signal)
        for (let from = 0; from < ids.length; from += READ_RECORDS) {
          const { metadatas, documents, embeddings } = await requests.read(signal, (client) =>
            client.collection(collectionId).get<ChunkMetadata>({
              ids: ids.slice(from, from + READ_RECORDS),
              include: ['metadatas', 'documents', ...(space === null ? [] : ['embeddings' as const])],
            }),
          )
          for (const [at, metadata] of metadatas.entries()) {
            const vector = space === null ? null : Float32Array.from(embeddings[at]!)
            stored.chunks.push({ id: metadata!.chunk, text: documents[at]!, vector })
          }
          stored.space = space ?? stored.space
        }
      }
      return stored
    },

    async close() {
      requests.close()
    },
  }
}
