// VectorStore on Chroma. A chunk is a record in the collection of texts and, with a vector, one in the collection of its embedding space (HNSW, cosine);
// workspace, knowledge base and document are metadata that every request is restricted by.
//
// A server of one's own does not rank words: sparse vectors and its Search API are those of Chroma Cloud. It does find texts by the terms in a list
// of their metadata, so the texts that have one of the terms are fetched with the weights of their terms and ranked here, as many as a bound
// allows. Any number of processes may write; Chroma carries out writes one after the other and shows them to every read after them.
import type { Where } from 'chromadb'
import { rankByTerms } from '../domain/rank-by-terms.ts'
import {
  vectorLengthWrong,
  type ChunkToStore,
  type RankedChunks,
  type StoredChunks,
  type VectorStore,
} from '../ports/vector-store.ts'
import { createChromaCollections, type KnownCollection } from './chroma-collections.ts'
import {
  inScope,
  placeholderVector,
  placeMetadata,
  recordId,
  soughtTerms,
  textMetadata,
  withTerms,
  type TextMetadata,
} from './chroma-records.ts'
import { createChromaRequests, saysNotFound, type ChromaRequestsOptions } from './chroma-requests.ts'
import { createOneAtATime } from './one-at-a-time.ts'

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
/** Texts that one request fetches to be ranked. */
const CANDIDATES = 2_000

export function createChromaVectorStore(options: ChromaVectorStoreOptions): VectorStore {
  const { collectionPrefix: prefix = 'tributary' } = options
  const requests = createChromaRequests(options)
  const collections = createChromaCollections(requests, prefix)
  const oneAtATime = createOneAtATime()

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

  /** The texts of the scope that have the terms, at most `CANDIDATES` of them. */
  async function findTexts({ id }: KnownCollection, where: Where, signal: AbortSignal): Promise<TextMetadata[]> {
    const found = await unlessGone(
      requests.read(signal, (client) =>
        client.collection(id).get<TextMetadata>({ where, limit: CANDIDATES, include: ['metadatas'] }),
      ),
    )
    return (found?.metadatas ?? []).filter((metadata) => metadata !== null)
  }

  async function searchTexts(
    texts: KnownCollection,
    scope: Where,
    terms: string[],
    limit: number,
    signal: AbortSignal,
  ) {
    const [textCount, some] = await Promise.all([
      unlessGone(requests.read(signal, (client) => client.collection(texts.id).count())),
      findTexts(texts, withTerms(scope, terms, '$or'), signal),
    ])
    const found = new Map(some.map((metadata) => [metadata.chunk, metadata]))
    if (some.length === CANDIDATES && terms.length > 1)
      // There are more. Those that have all terms, and those that have a rare one, are not to be missed.
      for (const where of [withTerms(scope, terms, '$and'), ...terms.map((term) => withTerms(scope, [term], '$or'))])
        for (const metadata of await findTexts(texts, where, signal)) found.set(metadata.chunk, metadata)
    const candidates = [...found].map(([id, metadata]) => ({
      id,
      weights: new Map(metadata.terms.map((term, at) => [term, metadata.weights[at]!])),
    }))
    return rankByTerms({ terms, candidates, textCount: textCount ?? 0 })
      .slice(0, limit)
      .map(({ id, score }) => ({ chunkId: id, score }))
  }

  async function searchVectors(
    { id }: KnownCollection,
    vector: Float32Array,
    where: Where,
    limit: number,
    signal: AbortSignal,
  ): Promise<RankedChunks> {
    const found = await unlessGone(
      requests.read(signal, (client) =>
        client.collection(id).query({
          queryEmbeddings: [Array.from(vector)],
          nResults: limit,
          where,
          include: ['metadatas', 'distances'],
        }),
      ),
    )
    const [metadatas = [], distances = []] = [found?.metadatas[0], found?.distances[0]]
    return metadatas.map((metadata, at) => ({ chunkId: String(metadata!['chunk']), score: 1 - distances[at]! }))
  }

  return {
    async upsert(place, space, chunks, signal) {
      signal.throwIfAborted()
      const wrong = chunks.find(({ vector }) => vector !== null && vector.length !== space?.dimensions)
      if (wrong) throw vectorLengthWrong(space?.dimensions ?? 0, wrong.vector!.length)
      const { workspaceId, documentId } = place
      const unique = [...new Map(chunks.map((chunk) => [recordId(workspaceId, chunk.id), chunk])).entries()]
      await oneAtATime(recordId(workspaceId, documentId), signal, async () => {
        await collections.list(signal)
        const texts = await collections.ensure(null, signal)
        const hasVectors = space !== null && unique.some(([, { vector }]) => vector !== null)
        const own = hasVectors ? await collections.ensure(space, signal) : null
        const spaces = [...collections.known().values()].filter((each) => each.space !== null)
        const size = await recordsPerWrite(signal)
        for (let from = 0; from < unique.length; from += size) {
          const batch = unique.slice(from, from + size)
          await requests.write(signal, (client) =>
            client.collection(texts.id).upsert({
              ids: batch.map(([id]) => id),
              embeddings: batch.map(([id]) => placeholderVector(id)),
              documents: batch.map(([, { text }]) => text),
              metadatas: batch.map(([, chunk]) => textMetadata(place, chunk)),
            }),
          )
          for (const { id: collectionId, name } of spaces) {
            // Where the chunks had a vector before, and have none now.
            const ids = batch.filter(([, { vector }]) => name !== own?.name || vector === null).map(([id]) => id)
            if (ids.length > 0)
              await unlessGone(requests.write(signal, (client) => client.collection(collectionId).delete({ ids })))
          }
          const withVector = batch.filter(([, { vector }]) => vector !== null)
          if (own !== null && withVector.length > 0)
            await requests.write(signal, (client) =>
              client.collection(own.id).upsert({
                ids: withVector.map(([id]) => id),
                embeddings: withVector.map(([, { vector }]) => Array.from(vector!)),
                metadatas: withVector.map(([, chunk]) => placeMetadata(place, chunk)),
              }),
            )
        }
      })
    },

    async search({ workspaceId, knowledgeBaseIds, vectors, text, limit, signal }) {
      signal.throwIfAborted()
      const terms = text === null ? [] : soughtTerms(text)
      if (knowledgeBaseIds.length === 0) return { dense: vectors.map(() => []), lexical: [] }
      const names = [...(terms.length > 0 ? [null] : []), ...vectors.map(({ space }) => space)].map(collections.nameOf)
      // What was not there when it was last looked may be there now.
      if (names.some((name) => !collections.known().has(name))) await collections.list(signal)
      const scope = inScope(workspaceId, 'knowledge_base', knowledgeBaseIds)
      const texts = collections.known().get(collections.nameOf(null))
      const [lexical, ...dense] = await Promise.all([
        texts && terms.length > 0 ? searchTexts(texts, scope, terms, limit, signal) : [],
        ...vectors.map(({ space, vector }) => {
          const collection = collections.known().get(collections.nameOf(space))
          return collection ? searchVectors(collection, vector, scope, limit, signal) : []
        }),
      ])
      return { dense, lexical }
    },

    deleteDocument: (workspaceId, documentId, signal) =>
      oneAtATime(recordId(workspaceId, documentId), signal, () =>
        deleteEverywhere(inScope(workspaceId, 'document', [documentId]), signal),
      ),

    async deleteKnowledgeBase(workspaceId, knowledgeBaseId, signal) {
      await deleteEverywhere(inScope(workspaceId, 'knowledge_base', [knowledgeBaseId]), signal)
    },

    async count(workspaceId, documentId, signal) {
      const counts = { texts: 0, vectors: 0 }
      for (const collection of (await collections.list(signal)).values()) {
        const ids = await idsOf(collection, inScope(workspaceId, 'document', [documentId]), signal)
        counts[collection.space === null ? 'texts' : 'vectors'] += ids.length
      }
      return counts
    },

    async readDocument(workspaceId, documentId, signal) {
      const stored: StoredChunks = { space: null, chunks: [] }
      const vectors = new Map<string, Float32Array>()
      const all = [...(await collections.list(signal)).values()]
      // Vectors first, so that every text finds its own.
      for (const collection of all.toSorted((a, b) => Number(a.space === null) - Number(b.space === null))) {
        const { id: collectionId, space } = collection
        const ids = await idsOf(collection, inScope(workspaceId, 'document', [documentId]), signal)
        for (let from = 0; from < ids.length; from += READ_RECORDS) {
          const page = await requests.read(signal, (client) =>
            client.collection(collectionId).get({
              ids: ids.slice(from, from + READ_RECORDS),
              include: space === null ? ['metadatas', 'documents'] : ['embeddings'],
            }),
          )
          for (const [at, id] of page.ids.entries())
            if (space === null) stored.chunks.push(chunkOf(id, page.metadatas[at]!, page.documents[at]!, vectors))
            else {
              stored.space = space
              vectors.set(id, Float32Array.from(page.embeddings[at]!))
            }
        }
      }
      return stored
    },

    async close() {
      requests.close()
    },
  }
}

const chunkOf = (
  recordIdOfChunk: string,
  metadata: Record<string, unknown>,
  text: string,
  vectors: ReadonlyMap<string, Float32Array>,
): ChunkToStore => ({ id: String(metadata['chunk']), text, vector: vectors.get(recordIdOfChunk) ?? null })
