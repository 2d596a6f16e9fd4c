// VectorStore on Weaviate. The chunks of a workspace are objects of a tenant: their texts in one collection, searched by BM25 over the domain's own
// terms, and their vectors in a collection per embedding space (HNSW, cosine; where a filter leaves few, the server searches exactly).
//
// One node shows a write to every read after it; a replicated cluster does when a majority has answered both, which is asked for there. Two
// writes of one object at the same time leave Weaviate counting it twice, so a process writes a document's objects one call after the other.
import type { FilterValue, WeaviateClient } from 'weaviate-client'
import {
  vectorLengthWrong,
  vectorStoreUnavailable,
  type EmbeddingSpace,
  type RankedChunks,
  type StoredChunks,
  type VectorStore,
} from '../ports/vector-store.ts'
import { createOneAtATime } from './one-at-a-time.ts'
import {
  checkPrefix,
  findCollections,
  textsCollection,
  textsSchema,
  vectorsCollection,
  vectorsSchema,
  type KnownCollections,
} from './weaviate-collections.ts'
import { asTributaryError, createWeaviateConnection, type WeaviateConnectionOptions } from './weaviate-connection.ts'
import {
  indexedTerms,
  inKnowledgeBases,
  ofDocument,
  partOfDocument,
  placeObject,
  soughtTerms,
  tenantOf,
  withIds,
  type PlaceProperties,
  type TextProperties,
  type WeaviateObject,
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
const NOTHING_DELETED = { failed: 0, matches: 0, successful: 0, objects: undefined }

export function createWeaviateVectorStore(options: WeaviateVectorStoreOptions): VectorStore {
  const { collectionPrefix: prefix = 'Tributary', replicas = 1 } = options
  checkPrefix(prefix)
  const connection = createWeaviateConnection(options)
  const oneAtATime = createOneAtATime()
  const texts = textsCollection(prefix)
  /** What was there when it was last looked. */
  let seen: KnownCollections = { hasTexts: false, spaces: new Map() }

  const look = (signal: AbortSignal): Promise<KnownCollections> =>
    connection.read(signal, async (client) => (seen = findCollections(prefix, await client.collections.listAll())))

  function tenant<Properties extends PlaceProperties>(client: WeaviateClient, name: string, workspaceId: string) {
    const collection = client.collections.use<string, Properties>(name).withTenant(tenantOf(workspaceId))
    return replicas > 1 ? collection.withConsistency('QUORUM') : collection
  }

  async function ensure(space: EmbeddingSpace | null, signal: AbortSignal): Promise<string> {
    const name = space === null ? texts : vectorsCollection(prefix, space)
    if (space === null ? seen.hasTexts : seen.spaces.has(name)) return name
    const schema = space === null ? textsSchema(prefix, replicas) : vectorsSchema(prefix, space, replicas)
    await connection.write(signal, async (client) => {
      await client.collections.createFromSchema(schema).catch((error: unknown) => {
        // Another process made it at the same time.
        if (!/already exists/.test(String(error))) throw error
      })
    })
    await look(signal)
    return name
  }

  /** By REST, since `insertMany` of the client library looks only every half second whether it has put its own request together. */
  async function insert(
    name: string,
    workspaceId: string,
    objects: WeaviateObject<PlaceProperties>[],
    signal: AbortSignal,
  ): Promise<void> {
    if (objects.length === 0) return
    const outcomes = (await connection.post(
      signal,
      `/batch/objects${replicas > 1 ? '?consistency_level=QUORUM' : ''}`,
      { objects: objects.map((object) => ({ class: name, tenant: tenantOf(workspaceId), ...object })) },
    )) as { result?: { errors?: { error?: { message: string }[] } } }[]
    const [refusal] = outcomes.flatMap(({ result }) => result?.errors?.error ?? [])
    if (refusal) throw asTributaryError(new Error(refusal.message))
  }

  /** One call deletes no more than a query may find (10,000 unless the server says otherwise), so it is repeated until it finds nothing. */
  async function deleteWhere(
    name: string,
    workspaceId: string,
    filter: FilterValue,
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      const { matches, successful } = await connection.write(signal, (client) =>
        unlessNone(NOTHING_DELETED, () => tenant(client, name, workspaceId).data.deleteMany(filter)),
      )
      if (matches === 0) return
      if (successful === 0) throw vectorStoreUnavailable(new Error(`None of ${matches} objects could be deleted.`))
    }
  }

  async function deleteEverywhere(workspaceId: string, filter: FilterValue, signal: AbortSignal): Promise<void> {
    const { hasTexts, spaces } = await look(signal)
    for (const name of [...spaces.keys(), ...(hasTexts ? [texts] : [])])
      await deleteWhere(name, workspaceId, filter, signal)
  }

  /**
   * All of a document, in parts: a query neither finds more than the server's limit nor goes on after an object when it has a filter. Also what
   * is counted: Weaviate's own sum counts an object twice for good that two processes wrote at the same time.
   */
  async function* readIn(
    name: string,
    { workspaceId, documentId, hasContent }: { workspaceId: string; documentId: string; hasContent: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<{ properties: Partial<TextProperties> & PlaceProperties; vector: number[] | undefined }> {
    const sum = await connection.read(signal, (client) =>
      unlessNone(0, async () => {
        const filters = ofDocument(documentId)
        return (await tenant(client, name, workspaceId).aggregate.overAll({ filters })).totalCount
      }),
    )
    const steps = Math.ceil(sum / (READ_OBJECTS / 2))
    const parts = Array.from({ length: steps }, (_, step) => [step / steps, (step + 1) / steps] as const)
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      const [from, to] = part
      const content = hasContent ? { includeVector: true } : { returnProperties: ['chunkId' as const] }
      const { objects } = await connection.read(signal, (client, abortSignal) =>
        tenant<TextProperties>(client, name, workspaceId).query.fetchObjects(
          { filters: partOfDocument(documentId, from, to), limit: READ_OBJECTS, ...content },
          { abortSignal },
        ),
      )
      const middle = (from + to) / 2
      if (objects.length === READ_OBJECTS) parts.unshift([from, middle], [middle, to])
      else
        for (const { properties, vectors } of objects)
          yield { properties, vector: vectors['default'] as number[] | undefined }
    }
  }

  async function countIn(name: string, workspaceId: string, documentId: string, signal: AbortSignal): Promise<number> {
    let count = 0
    for await (const _ of readIn(name, { workspaceId, documentId, hasContent: false }, signal)) count++
    return count
  }

  return {
    async upsert(place, space, chunks, signal) {
      signal.throwIfAborted()
      const wrong = chunks.find(({ vector }) => vector !== null && vector.length !== space?.dimensions)
      if (wrong) throw vectorLengthWrong(space?.dimensions ?? 0, wrong.vector!.length)
      const { workspaceId } = place
      const unique = [...new Map(chunks.map((chunk) => [chunk.id, chunk])).values()]
      await oneAtATime(keyOf(workspaceId, place.documentId), signal, async () => {
        await look(signal)
        await ensure(null, signal)
        const own = space !== null && unique.some(({ vector }) => vector !== null) ? await ensure(space, signal) : null
        for (let from = 0; from < unique.length; from += WRITE_OBJECTS) {
          const batch = unique
            .slice(from, from + WRITE_OBJECTS)
            .map((chunk) => ({ ...placeObject(place, chunk), chunk }))
          const asText = batch.map(({ id, properties, chunk: { text } }): WeaviateObject<TextProperties> => ({
            id,
            properties: { ...properties, text, terms: indexedTerms(text) },
          }))
          await insert(texts, workspaceId, asText, signal)
          for (const name of seen.spaces.keys()) {
            // Where the chunks had a vector before, and have none now.
            const ids = batch.filter(({ chunk }) => name !== own || chunk.vector === null).map(({ id }) => id)
            if (ids.length > 0) await deleteWhere(name, workspaceId, withIds(ids), signal)
          }
          const asVector = batch.flatMap(({ id, properties, chunk: { vector } }) =>
            vector === null ? [] : [{ id, properties, vector: Array.from(vector) }],
          )
          if (own !== null) await insert(own, workspaceId, asVector, signal)
        }
      })
    },

    async search({ workspaceId, knowledgeBaseIds, vectors, text, limit, signal }) {
      signal.throwIfAborted()
      const terms = text === null ? '' : soughtTerms(text)
      if (knowledgeBaseIds.length === 0) return { dense: vectors.map(() => []), lexical: [] }
      const names = vectors.map(({ space }) => vectorsCollection(prefix, space))
      // What was not there when it was last looked may be there now.
      if ((terms !== '' && !seen.hasTexts) || names.some((name) => !seen.spaces.has(name))) await look(signal)
      const common = { filters: inKnowledgeBases(knowledgeBaseIds), limit, returnProperties: ['chunkId' as const] }
      const searchTexts = (): Promise<RankedChunks> =>
        connection.read(signal, (client, abortSignal) =>
          unlessNone([], async () => {
            const { objects } = await tenant<TextProperties>(client, texts, workspaceId).query.bm25(
              terms,
              { ...common, queryProperties: ['terms'], returnMetadata: ['score'] },
              { abortSignal },
            )
            return objects.map(({ properties: { chunkId }, metadata }) => ({ chunkId, score: metadata!.score! }))
          }),
        )
      const searchVectors = (name: string, vector: Float32Array): Promise<RankedChunks> =>
        connection.read(signal, (client, abortSignal) =>
          unlessNone([], async () => {
            const { objects } = await tenant<PlaceProperties>(client, name, workspaceId).query.nearVector(
              Array.from(vector),
              { ...common, returnMetadata: ['distance'] },
              { abortSignal },
            )
            return objects.map(({ properties: { chunkId }, metadata }) => ({ chunkId, score: 1 - metadata!.distance! }))
          }),
        )
      const [lexical, ...dense] = await Promise.all([
        terms !== '' && seen.hasTexts ? searchTexts() : [],
        ...vectors.map(({ vector }, at) => (seen.spaces.has(names[at]!) ? searchVectors(names[at]!, vector) : [])),
      ])
      return { dense, lexical }
    },

    deleteDocument: (workspaceId, documentId, signal) =>
      oneAtATime(keyOf(workspaceId, documentId), signal, () =>
        deleteEverywhere(workspaceId, ofDocument(documentId), signal),
      ),

    deleteKnowledgeBase: (workspaceId, knowledgeBaseId, signal) =>
      deleteEverywhere(workspaceId, inKnowledgeBases([knowledgeBaseId]), signal),

    async count(workspaceId, documentId, signal) {
      const { hasTexts, spaces } = await look(signal)
      const count = (name: string) => countIn(name, workspaceId, documentId, signal)
      const vectors = await Promise.all([...spaces.keys()].map(count))
      return { texts: hasTexts ? await count(texts) : 0, vectors: vectors.reduce((sum, each) => sum + each, 0) }
    },

    async readDocument(workspaceId, documentId, signal) {
      const { hasTexts, spaces } = await look(signal)
      const wanted = { workspaceId, documentId, hasContent: true }
      const stored: StoredChunks = { space: null, chunks: [] }
      const vectors = new Map<string, Float32Array>()
      for (const [name, space] of spaces)
        for await (const { properties, vector } of readIn(name, wanted, signal)) {
          stored.space = space
          vectors.set(properties.chunkId, Float32Array.from(vector!))
        }
      if (hasTexts)
        for await (const { properties } of readIn(texts, wanted, signal)) {
          const { chunkId: id, text } = properties
          stored.chunks.push({ id, text: text!, vector: vectors.get(id) ?? null })
        }
      return stored
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
