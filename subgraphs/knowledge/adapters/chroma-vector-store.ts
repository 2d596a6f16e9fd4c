// VectorStore on Chroma. A chunk is one record: its vector, its terms as document, its text and place as metadata, by which every request is
// restricted. Words are looked for in every collection, vectors in that of their space (HNSW, cosine). Any number of processes may write.
//
// A server of one's own does not rank words: sparse vectors and the Search API are those of Chroma Cloud. It does find records by what their document
// contains, so those that have one of the terms are fetched and ranked here, as many as a bound allows. What an
// upsert costs beside the same with the bare text: docs/decisions/2026-11-30-what-stores-are-sent.md.
// Reads see writes: Chroma shows a write to every read after it, and every search looks which collections there are now.
import type { Where, WhereDocument } from 'chromadb'
import { setImmediate } from 'node:timers/promises'
import { rankByTerms, type TermCandidate } from '../domain/rank-by-terms.ts'
import type { KnownWords } from '../domain/term-weights.ts'
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
import { createChromaCollections, DEFAULT_PREFIX, type KnownCollection } from './chroma-collections.ts'
import {
  chunkIdOf,
  chunkMetadata,
  inScope,
  placeholderVector,
  recordId,
  soughtTerms,
  termsDocument,
  weightsReader,
  withTerms,
  type ChunkMetadata,
} from './chroma-records.ts'
import { RecentlyKnown } from '../domain/recently-known.ts'
import { createChromaRequests, saysNotFound, type ChromaRequestsOptions } from './chroma-requests.ts'
import { batchesOf, eachInFlight, inTurns } from './in-flight.ts'

export interface ChromaVectorStoreOptions extends ChromaRequestsOptions {
  /** What names of this platform's collections begin with, where platforms share a server. Letters, digits, _ and -. Default `tributary`. */
  collectionPrefix?: string
}

/** Records per write: of 4,096 dimensions they are some 25 MB of JSON, the server takes 40 MB. It takes at most as many records as it says. */
const WRITE_RECORDS = 256
/** One is made ready while the server, which writes one at a time, is at the other. */
const WRITES_IN_FLIGHT = 2
/** Records that are made at a time: some two milliseconds. */
const RECORDS_PER_TURN = 16
/** Records per read of `readDocument`. */
const READ_RECORDS = 500
/** Records that one request deletes. */
const DELETE_RECORDS = 5_000
/** Records of a collection that one request fetches to be ranked. */
const CANDIDATES = 2_000
/** Such requests of one search, when one does not fetch all. */
const CANDIDATE_READS_IN_FLIGHT = 4

export function createChromaVectorStore(options: ChromaVectorStoreOptions): VectorStore {
  const { collectionPrefix: prefix = DEFAULT_PREFIX } = options
  const requests = createChromaRequests(options)
  const collections = createChromaCollections(requests, prefix)

  const known: KnownWords = new RecentlyKnown()

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

  /** Those of a collection that have one of the terms, or the most telling of them, and how many there are of all. */
  async function searchWords({ id }: KnownCollection, where: Where, terms: string[], signal: AbortSignal) {
    const weightsIn = weightsReader(terms)
    const candidates = new Map<string, TermCandidate>()
    const find = (whereDocument: WhereDocument) =>
      unlessGone(
        requests.read(signal, (client) =>
          client.collection(id).get({ where, whereDocument, limit: CANDIDATES, include: ['documents'] }),
        ),
      )
    const take = (found: Awaited<ReturnType<typeof find>>) => {
      for (const [at, each] of (found?.ids ?? []).entries())
        if (!candidates.has(each)) candidates.set(each, { id: each, weights: weightsIn(found!.documents[at] ?? '') })
    }
    const [textCount, some] = await Promise.all([
      unlessGone(requests.read(signal, (client) => client.collection(id).count())),
      find(withTerms(terms, '$or')),
    ])
    const findMore = async () => {
      // There are more. Those that have all terms, and those that have a rare one, are not to be missed.
      const further = [withTerms(terms, '$and'), ...terms.map((term) => withTerms([term], '$or'))]
      await eachInFlight(inTurns(further, 1), CANDIDATE_READS_IN_FLIGHT, async (each) => take(await find(each)))
    }
    await Promise.all([
      some?.ids.length === CANDIDATES && terms.length > 1 ? findMore() : null,
      // When further requests have left.
      setImmediate().then(() => take(some)),
    ])
    return { candidates, textCount: textCount ?? 0 }
  }

  async function searchVector(
    { id }: KnownCollection,
    vector: Float32Array,
    { where, limit, signal }: { where: Where; limit: number; signal: AbortSignal },
  ): Promise<RankedChunks> {
    const found = await unlessGone(
      requests.read(signal, (client) =>
        client.collection(id).query({
          queryEmbeddings: [Array.from(vector)],
          nResults: limit,
          where,
          include: ['distances'],
        }),
      ),
    )
    const [ids = [], distances = []] = [found?.ids[0], found?.distances[0]]
    return ids.map((each, at) => ({ chunkId: chunkIdOf(each), score: 1 - distances[at]! }))
  }

  /** What a collection holds of a search: a list per vector, null for those of other spaces, and what words find. */
  async function searchIn(collection: KnownCollection, search: VectorSearch, terms: string[]) {
    const { workspaceId, knowledgeBaseIds, vectors, limit, signal } = search
    const where = inScope(workspaceId, 'knowledge_base', knowledgeBaseIds)
    const [words, ...dense] = await Promise.all([
      terms.length === 0
        ? { candidates: new Map<string, TermCandidate>(), textCount: 0 }
        : searchWords(collection, where, terms, signal),
      ...vectors.map(({ space, vector }) =>
        collections.nameOf(space) === collection.name
          ? searchVector(collection, vector, { where, limit, signal })
          : null,
      ),
    ])
    return { words, dense }
  }

  /** Chunks by the ids of their records. */
  async function store(
    place: DocumentPlace,
    space: EmbeddingSpace | null,
    chunks: ReadonlyMap<string, ChunkToStore>,
    signal: AbortSignal,
  ): Promise<void> {
    if (chunks.size === 0) return
    const own = await collections.ensure(space, signal)
    const size = await recordsPerWrite(signal)
    const records = function* () {
      for (const [id, { text, vector }] of chunks)
        yield {
          id,
          embedding: vector === null ? placeholderVector(id) : Array.from(vector),
          document: termsDocument(text, known),
          metadata: chunkMetadata(place, text),
        }
    }
    await eachInFlight(batchesOf(inTurns(records(), RECORDS_PER_TURN), { items: size }), WRITES_IN_FLIGHT, (batch) =>
      requests.write(signal, (client) =>
        client.collection(own.id).upsert({
          ids: batch.map(({ id }) => id),
          embeddings: batch.map(({ embedding }) => embedding),
          documents: batch.map(({ document }) => document),
          metadatas: batch.map(({ metadata }) => metadata),
        }),
      ),
    )
    // Where the chunks were before, if they had a vector of another space, or none.
    for (const other of (await collections.list(signal)).values())
      if (other.name !== own.name)
        for await (const ids of batchesOf(inTurns(chunks.keys(), size), { items: size }))
          await unlessGone(requests.write(signal, (client) => client.collection(other.id).delete({ ids })))
  }

  return {
    async upsert(place, space, chunks, signal) {
      signal.throwIfAborted()
      const wrong = chunks.find(({ vector }) => vector !== null && vector.length !== space?.dimensions)
      if (wrong) throw vectorLengthWrong(space?.dimensions ?? 0, wrong.vector!.length)
      const ofKind = (hasVector: boolean) =>
        new Map(
          [...new Map(chunks.map((chunk) => [recordId(place.workspaceId, chunk.id), chunk]))].filter(
            ([, { vector }]) => (vector !== null) === hasVector,
          ),
        )
      await collections.list(signal)
      if (space !== null) await store(place, space, ofKind(true), signal)
      await store(place, null, ofKind(false), signal)
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
      const lists = found.map(({ words }) => words.candidates).filter(({ size }) => size > 0)
      const candidates = lists.length === 1 ? lists[0]! : new Map(lists.flatMap((each) => [...each]))
      const ranked = rankByTerms({
        candidates: [...candidates.values()],
        textCount: found.reduce((sum, { words }) => sum + words.textCount, 0),
        limit,
      })
      return {
        dense: vectors.map((_, index) => found.map(({ dense }) => dense[index]).find((list) => list != null) ?? []),
        lexical: ranked.map(({ id, score }) => ({ chunkId: chunkIdOf(id), score })),
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
          const {
            ids: read,
            metadatas,
            embeddings,
          } = await requests.read(signal, (client) =>
            client.collection(collectionId).get<ChunkMetadata>({
              ids: ids.slice(from, from + READ_RECORDS),
              include: ['metadatas', ...(space === null ? [] : ['embeddings' as const])],
            }),
          )
          for (const [at, id] of read.entries()) {
            const vector = space === null ? null : Float32Array.from(embeddings[at]!)
            stored.chunks.push({ id: chunkIdOf(id), text: metadatas[at]!.text, vector })
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
