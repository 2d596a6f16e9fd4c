// VectorStore on Weaviate. A chunk is one object with its text, its terms and its vector; those of a workspace are a tenant's. Words are looked for
// by BM25 over the domain's own terms in every collection, vectors in that of their space (HNSW, cosine; where a filter leaves few, the server
// searches exactly). Any number of processes may write.
//
// Reads see writes: one node shows a write to every read after it, a replicated cluster does when a majority has answered both, which is asked
// for there; and every search looks which collections there are now, beside the search itself and not before it.
import { setTimeout as delay } from 'node:timers/promises'
import type { FilterValue, WeaviateClient } from 'weaviate-client'
import { TributaryError } from '#shared/errors.ts'
import type { KnownWords } from '../domain/term-weights.ts'
import {
  vectorLengthWrong,
  type ChunkToStore,
  type EmbeddingSpace,
  type RankedChunks,
  type VectorSearch,
  type VectorStore,
} from '../ports/vector-store.ts'
import { mergeRanked } from './merge-ranked.ts'
import { createOneAtATime } from './one-at-a-time.ts'
import { RecentlyKnown } from '../domain/recently-known.ts'
import {
  checkPrefix,
  collectionName,
  collectionSchema,
  DEFAULT_PREFIX,
  findCollections,
  type KnownCollections,
} from './weaviate-collections.ts'
import { asTributaryError, createWeaviateConnection, type WeaviateConnectionOptions } from './weaviate-connection.ts'
import {
  chunkObject,
  inKnowledgeBases,
  ofDocument,
  partOfDocument,
  soughtTerms,
  tenantOf,
  withIds,
  type ChunkObject,
  type ChunkProperties,
} from './weaviate-objects.ts'

export interface WeaviateVectorStoreOptions extends WeaviateConnectionOptions {
  /** What names of this platform's collections begin with, where platforms share a server: letters and digits, the first a capital. Default `Tributary`. */
  collectionPrefix?: string
  /** Nodes that hold each object, when a collection is made. With more than one, writes and reads wait for a majority. Default 1. */
  replicas?: number
}

/** Objects per write: of 4,096 dimensions they are some 25 MB of JSON. */
const WRITE_OBJECTS = 256
/** Objects per read of `readDocument`. */
const READ_OBJECTS = 1_000
/** How long a collection may take until it can be written to, and how often that is tried, in milliseconds. */
const MAKING_MS = 5_000
const MAKING_PAUSE_MS = 50
const NOTHING_DELETED = { failed: 0, matches: 0, successful: 0, objects: undefined }

export function createWeaviateVectorStore(options: WeaviateVectorStoreOptions): VectorStore {
  const { collectionPrefix: prefix = DEFAULT_PREFIX, replicas = 1 } = options
  checkPrefix(prefix)
  const connection = createWeaviateConnection(options)
  const oneAtATime = createOneAtATime()
  const known: KnownWords = new RecentlyKnown()
  /** What was there when it was last looked. */
  let seen: KnownCollections = new Map()

  const look = (signal: AbortSignal): Promise<KnownCollections> =>
    connection.read(signal, async (client) => (seen = findCollections(prefix, await client.collections.listAll())))

  function tenant(client: WeaviateClient, name: string, workspaceId: string) {
    const collection = client.collections.use<string, ChunkProperties>(name).withTenant(tenantOf(workspaceId))
    return replicas > 1 ? collection.withConsistency('QUORUM') : collection
  }

  async function ensure(space: EmbeddingSpace | null, signal: AbortSignal): Promise<string> {
    const name = collectionName(prefix, space)
    if (seen.has(name)) return name
    await connection.write(signal, async (client) => {
      await client.collections.createFromSchema(collectionSchema(prefix, space, replicas)).catch((error: unknown) => {
        // Another process made it at the same time.
        if (!/already exists/.test(String(error))) throw error
      })
    })
    return name
  }

  /** By REST, since `insertMany` of the client library looks only every half second whether it has put its own request together. */
  async function insert(name: string, objects: ChunkObject[], signal: AbortSignal): Promise<void> {
    const path = `/batch/objects${replicas > 1 ? '?consistency_level=QUORUM' : ''}`
    const body = { objects: objects.map((object) => ({ class: name, ...object })) }
    await whenMade(signal, async () => {
      const outcomes = (await connection.post(signal, path, body)) as {
        result?: { errors?: { error?: { message: string }[] } }
      }[]
      const [refusal] = outcomes.flatMap(({ result }) => result?.errors?.error ?? [])
      if (refusal) throw asTributaryError(new Error(refusal.message))
    })
  }

  /** One call deletes no more than a query may find (10,000 unless the server says otherwise), so it is repeated until it finds nothing. */
  async function deleteWhere(
    name: string,
    workspaceId: string,
    filter: FilterValue,
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      const { matches, successful } = await whenMade(signal, () =>
        connection.write(signal, (client) =>
          unlessNone(NOTHING_DELETED, () => tenant(client, name, workspaceId).data.deleteMany(filter)),
        ),
      )
      if (matches === 0) return
      if (successful === 0) throw asTributaryError(new Error(`None of ${matches} objects could be deleted.`))
    }
  }

  async function deleteEverywhere(workspaceId: string, filter: FilterValue, signal: AbortSignal): Promise<void> {
    for (const name of (await look(signal)).keys()) await deleteWhere(name, workspaceId, filter, signal)
  }

  async function store(workspaceId: string, space: EmbeddingSpace | null, objects: ChunkObject[], signal: AbortSignal) {
    if (objects.length === 0) return
    const own = await ensure(space, signal)
    for (let from = 0; from < objects.length; from += WRITE_OBJECTS) {
      const batch = objects.slice(from, from + WRITE_OBJECTS)
      // An earlier try may have lost its vectors, or been refused half-way.
      await deleteWhere(own, workspaceId, withIds(batch.map(({ id }) => id)), signal)
      await insert(own, batch, signal)
      // Where the chunks were before, if they had a vector of another space, or none.
      for (const name of (await look(signal)).keys())
        if (name !== own) await deleteWhere(name, workspaceId, withIds(batch.map(({ id }) => id)), signal)
    }
    // The same object once more: nothing changes, and the log of the index is written out.
    if (space !== null) await insert(own, objects.slice(-1), signal)
  }

  /** What a collection holds of a search: a list per vector, null for those of other spaces, and one of words. */
  async function searchIn(name: string, search: VectorSearch, terms: string) {
    const { workspaceId, knowledgeBaseIds, vectors, limit, signal } = search
    const common = { filters: inKnowledgeBases(knowledgeBaseIds), limit, returnProperties: ['chunkId' as const] }
    const searchWords = (): Promise<RankedChunks> =>
      connection.read(signal, (client, abortSignal) =>
        unlessNone([], async () => {
          const { objects } = await tenant(client, name, workspaceId).query.bm25(
            terms,
            { ...common, queryProperties: ['terms'], returnMetadata: ['score'] },
            { abortSignal },
          )
          return objects.map(({ properties: { chunkId }, metadata }) => ({ chunkId, score: metadata!.score! }))
        }),
      )
    const searchVector = (vector: Float32Array): Promise<RankedChunks> =>
      connection.read(signal, (client, abortSignal) =>
        unlessNone([], async () => {
          const { objects } = await tenant(client, name, workspaceId).query.nearVector(
            Array.from(vector),
            { ...common, returnMetadata: ['distance'] },
            { abortSignal },
          )
          return objects.map(({ properties: { chunkId }, metadata }) => ({ chunkId, score: 1 - metadata!.distance! }))
        }),
      )
    const [lexical, ...dense] = await Promise.all([
      terms === '' ? [] : searchWords(),
      ...vectors.map(({ space, vector }) => (collectionName(prefix, space) === name ? searchVector(vector) : null)),
    ])
    return { lexical, dense }
  }

  /**
   * All of a document, in parts: a query neither finds more than the server's limit nor goes on after an object when it has a filter. Also what
   * is counted: Weaviate's own sum counts an object twice for good that two processes wrote at the same time.
   */
  async function* readIn(
    name: string,
    { workspaceId, documentId, hasContent }: { workspaceId: string; documentId: string; hasContent: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<ChunkToStore> {
    const sum = await connection.read(signal, (client) =>
      unlessNone(0, async () => {
        const filters = ofDocument(documentId)
        return (await tenant(client, name, workspaceId).aggregate.overAll({ filters })).totalCount
      }),
    )
    const steps = Math.ceil(sum / (READ_OBJECTS / 2))
    const parts = Array.from({ length: steps }, (_, step) => [step / steps, (step + 1) / steps] as const)
    const content = hasContent ? { includeVector: true } : { returnProperties: ['chunkId' as const] }
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      const [from, to] = part
      const { objects } = await connection.read(signal, (client, abortSignal) =>
        tenant(client, name, workspaceId).query.fetchObjects(
          { filters: partOfDocument(documentId, from, to), limit: READ_OBJECTS, ...content },
          { abortSignal },
        ),
      )
      const middle = (from + to) / 2
      if (objects.length === READ_OBJECTS) parts.unshift([from, middle], [middle, to])
      else
        for (const { properties, vectors } of objects) {
          const vector = vectors['default'] as number[] | undefined
          yield {
            id: properties.chunkId,
            text: properties.text,
            vector: vector === undefined ? null : Float32Array.from(vector),
          }
        }
    }
  }

  return {
    async upsert(place, space, chunks, signal) {
      signal.throwIfAborted()
      const wrong = chunks.find(({ vector }) => vector !== null && vector.length !== space?.dimensions)
      if (wrong) throw vectorLengthWrong(space?.dimensions ?? 0, wrong.vector!.length)
      const { workspaceId, documentId } = place
      const unique = [...new Map(chunks.map((chunk) => [chunk.id, chunk])).values()]
      const objects = unique.map((chunk) => chunkObject(place, chunk, known))
      await oneAtATime(keyOf(workspaceId, documentId), signal, async () => {
        await look(signal)
        const withVector = objects.filter(({ vector }) => vector !== undefined)
        if (space !== null) await store(workspaceId, space, withVector, signal)
        const without = objects.filter(({ vector }) => vector === undefined)
        await store(workspaceId, null, without, signal)
      })
    },

    async search(search) {
      const { knowledgeBaseIds, vectors, text, limit, signal } = search
      signal.throwIfAborted()
      const terms = text === null ? '' : soughtTerms(text)
      if (knowledgeBaseIds.length === 0 || (terms === '' && vectors.length === 0))
        return { dense: vectors.map(() => []), lexical: [] }
      const known = seen
      const searchAll = (names: string[]) => Promise.all(names.map((name) => searchIn(name, search, terms)))
      const [present, inKnown] = await Promise.all([look(signal), searchAll([...known.keys()])])
      const found = [...inKnown, ...(await searchAll([...present.keys()].filter((name) => !known.has(name))))]
      return {
        dense: vectors.map((_, index) => found.map(({ dense }) => dense[index]).find((list) => list != null) ?? []),
        lexical: mergeRanked(
          found.map(({ lexical }) => lexical),
          limit,
        ),
      }
    },

    deleteDocument: (workspaceId, documentId, signal) =>
      oneAtATime(keyOf(workspaceId, documentId), signal, () =>
        deleteEverywhere(workspaceId, ofDocument(documentId), signal),
      ),

    deleteKnowledgeBase: (workspaceId, knowledgeBaseId, signal) =>
      deleteEverywhere(workspaceId, inKnowledgeBases([knowledgeBaseId]), signal),

    async count(workspaceId, documentId, signal) {
      const counts = { texts: 0, vectors: 0 }
      for (const [name, space] of await look(signal))
        for await (const _ of readIn(name, { workspaceId, documentId, hasContent: false }, signal)) {
          counts.texts++
          if (space !== null) counts.vectors++
        }
      return counts
    },

    async readDocument(workspaceId, documentId, signal) {
      const chunks = []
      let found: EmbeddingSpace | null = null
      for (const [name, space] of await look(signal))
        for await (const chunk of readIn(name, { workspaceId, documentId, hasContent: true }, signal)) {
          found = space ?? found
          chunks.push(chunk)
        }
      return { space: found, chunks }
    },

    close: () => connection.close(),
  }
}

const keyOf = (workspaceId: string, documentId: string): string => JSON.stringify([workspaceId, documentId])

/** A workspace that has written nothing into a collection is no tenant of it yet. */
async function unlessNone<Result>(none: Result, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (/tenant not found/.test(String(error))) return none
    throw error
  }
}

/** A collection is known a moment before it can be written to; the process that makes it waits for that, the others have to. */
async function whenMade<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + MAKING_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const isBeingMade = error instanceof TributaryError && /find index for class/.test(String(error.cause))
      if (!isBeingMade || performance.now() > deadline) throw error
      await delay(MAKING_PAUSE_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
    }
  }
}
