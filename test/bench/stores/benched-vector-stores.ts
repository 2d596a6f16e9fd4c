// The vector stores as vector-stores.ts measures them: the adapter, what of its client library is observed, and how the client itself stores chunks
// in bulk, as its documentation shows it.
import { connect, type Table } from '@lancedb/lancedb'
import { QdrantClient } from '@qdrant/js-client-rest'
import { ChromaClient } from 'chromadb'
import { randomBytes, randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import weaviate from 'weaviate-client'
import { createChromaCollections } from '../../../subgraphs/knowledge/adapters/chroma-collections.ts'
import { chunkMetadata, recordId, termsDocument } from '../../../subgraphs/knowledge/adapters/chroma-records.ts'
import { createChromaRequests } from '../../../subgraphs/knowledge/adapters/chroma-requests.ts'
import { createChromaVectorStore } from '../../../subgraphs/knowledge/adapters/chroma-vector-store.ts'
import {
  createTable,
  indexedColumns,
  indexOf,
  tableOf,
  TEXTS,
} from '../../../subgraphs/knowledge/adapters/lancedb-tables.ts'
import { createLanceDbVectorStore } from '../../../subgraphs/knowledge/adapters/lancedb-vector-store.ts'
import { createQdrantCollections } from '../../../subgraphs/knowledge/adapters/qdrant-collections.ts'
import { pointOf } from '../../../subgraphs/knowledge/adapters/qdrant-points.ts'
import { createQdrantRequests } from '../../../subgraphs/knowledge/adapters/qdrant-requests.ts'
import { createQdrantVectorStore } from '../../../subgraphs/knowledge/adapters/qdrant-vector-store.ts'
import { collectionSchema } from '../../../subgraphs/knowledge/adapters/weaviate-collections.ts'
import { chunkObject } from '../../../subgraphs/knowledge/adapters/weaviate-objects.ts'
import { createWeaviateVectorStore } from '../../../subgraphs/knowledge/adapters/weaviate-vector-store.ts'
import type { DocumentPlace, EmbeddingSpace, VectorStore } from '../../../subgraphs/knowledge/ports/vector-store.ts'
import { ensureChroma, startChroma } from '../../services/chroma.ts'
import { ensureQdrant, nameOfQdrant, qdrantClient, removeCollections, startQdrant } from '../../services/qdrant.ts'
import type { Ensured } from '../../services/service.ts'
import { ensureWeaviate, startWeaviate } from '../../services/weaviate.ts'
import type { BenchmarkChunk } from './chunk-source.ts'
import type { DriverClock } from './driver-clock.ts'

export interface BenchedVectorStore extends AsyncDisposable {
  /** For reports. */
  name: string
  /** The adapter, with collections of their own for every prefix. Letters only, the first a capital. */
  open(prefix: string): Promise<VectorStore>
  /** The method of the client library that lists the collections; null when a search asks for no list. */
  listing: string | null
  bulk: BulkWriters
}

/** Each makes a collection and answers what stores one batch of chunks in it, which can be found when the promise is fulfilled. */
export interface BulkWriters {
  /** Vector and text, as the client's documentation stores them. */
  openExample(space: EmbeddingSpace): Promise<WriteBatch>
  /** All that the adapter stores of a chunk, in a collection as the adapter makes it. Null where there is no such thing. */
  openSameFields: ((space: EmbeddingSpace, place: DocumentPlace) => Promise<PrepareBatch>) | null
}

export type WriteBatch = (chunks: readonly BenchmarkChunk[]) => Promise<unknown>
/** What has to be computed of the chunks is done when it returns. */
export type PrepareBatch = (chunks: readonly BenchmarkChunk[]) => () => Promise<unknown>

export type BenchedName = keyof typeof BENCHED
type Start = (clock: DriverClock) => Promise<BenchedVectorStore>

/** Throws when the service is missing. */
export const BENCHED = {
  async qdrant(clock) {
    const installation = installed(await ensureQdrant())
    const server = await startQdrant(installation)
    clock.attach(QdrantClient.prototype, ['api'])
    const prefixes: string[] = []
    const open = (prefix: string) => {
      prefixes.push(prefix)
      return { url: server.url, apiKey: server.apiKey, collectionPrefix: prefix }
    }
    const client = qdrantClient(server)
    return {
      name: nameOfQdrant(installation),
      open: async (prefix) => createQdrantVectorStore(open(prefix)),
      listing: 'getCollections',
      bulk: {
        async openExample({ dimensions }) {
          const { collectionPrefix } = open(uniqueName())
          const name = `${collectionPrefix}-example`
          await client.createCollection(name, { vectors: { size: dimensions, distance: 'Cosine' } })
          return (chunks) =>
            client.upsert(name, {
              wait: true,
              points: chunks.map(({ text, vector }) => ({
                id: randomUUID(),
                vector: Array.from(vector),
                payload: { text },
              })),
            })
        },
        async openSameFields(space, place) {
          const options = open(uniqueName())
          const requests = createQdrantRequests(options)
          const collections = createQdrantCollections({
            requests,
            prefix: options.collectionPrefix,
            quantization: 'none',
          })
          const name = await collections.ensure(space, noSignal)
          return (chunks) => {
            const points = chunks.map((chunk) => pointOf(place, space, chunk))
            return () => client.upsert(name, { wait: true, points })
          }
        },
      },
      async [Symbol.asyncDispose]() {
        for (const prefix of prefixes) await removeCollections(server, prefix)
        await server.close()
      },
    }
  },

  async weaviate(clock) {
    const server = await startWeaviate(installed(await ensureWeaviate()))
    const { hostname, port } = new URL(server.url)
    const address = { httpHost: hostname, httpPort: Number(port), grpcHost: hostname, grpcPort: server.grpcPort }
    const client = await weaviate.connectToCustom({ ...address, httpSecure: false, grpcSecure: false })
    clock.attach(weaviate, ['connectToCustom'], { isPromisedObserved: true })
    const grpcUrl = `http://127.0.0.1:${server.grpcPort}`
    const written = ({ hasErrors, errors }: { hasErrors: boolean; errors: object }) => {
      if (hasErrors) throw new Error(JSON.stringify(Object.values(errors)[0]))
    }
    return {
      name: 'Weaviate',
      open: async (prefix) => createWeaviateVectorStore({ url: server.url, grpcUrl, collectionPrefix: prefix }),
      listing: 'listAll',
      bulk: {
        async openExample() {
          const collection = await client.collections.create<{ text: string }>({
            name: uniqueName(),
            vectorizers: weaviate.configure.vectors.selfProvided(),
            properties: [{ name: 'text', dataType: weaviate.configure.dataType.TEXT }],
          })
          return async (chunks) =>
            written(
              await collection.data.insertMany(
                chunks.map(({ text, vector }) => ({ properties: { text }, vectors: Array.from(vector) })),
              ),
            )
        },
        async openSameFields(space, place) {
          const { name } = await client.collections.createFromSchema(collectionSchema(uniqueName(), space, 1))
          return (chunks) => {
            const objects = chunks.map((chunk) => chunkObject(place, chunk))
            const collection = client.collections.use(name).withTenant(objects[0]!.tenant)
            return async () =>
              written(
                await collection.data.insertMany(
                  objects.map(({ id, properties, vector }) => ({ id, properties, vectors: vector! })),
                ),
              )
          }
        },
      },
      async [Symbol.asyncDispose]() {
        await client.close()
        await server.close()
      },
    }
  },

  async chroma(clock) {
    const server = await startChroma(installed(await ensureChroma()))
    clock.attach(ChromaClient.prototype, ['collection', 'listCollections'])
    const { hostname, port } = new URL(server.url)
    const client = new ChromaClient({ host: hostname, port: Number(port) })
    return {
      name: 'Chroma',
      open: async (prefix) => createChromaVectorStore({ url: server.url, collectionPrefix: prefix }),
      listing: 'listCollections',
      bulk: {
        async openExample() {
          const collection = await client.createCollection({ name: uniqueName(), embeddingFunction: null })
          return (chunks) =>
            collection.add({
              ids: chunks.map(() => randomUUID()),
              embeddings: chunks.map(({ vector }) => Array.from(vector)),
              documents: chunks.map(({ text }) => text),
            })
        },
        async openSameFields(space, place) {
          const collections = createChromaCollections(createChromaRequests({ url: server.url }), uniqueName())
          const { name } = await collections.ensure(space, noSignal)
          const collection = await client.getCollection({ name })
          return (chunks) => {
            const records = {
              ids: chunks.map(({ id }) => recordId(place.workspaceId, id)),
              metadatas: chunks.map(({ text }) => chunkMetadata(place, text)),
              documents: chunks.map(({ text }) => termsDocument(text)),
            }
            return () => collection.upsert({ ...records, embeddings: chunks.map(({ vector }) => Array.from(vector)) })
          }
        },
      },
      [Symbol.asyncDispose]: () => server.close(),
    }
  },

  async lancedb(clock) {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-bench-'))
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
    const client = await connect(path.join(directory, 'example'))
    clock.attach(Object.getPrototypeOf(client) as typeof client, ['openTable', 'createEmptyTable'], {
      isPromisedObserved: true,
    })
    const onError = (error: unknown) => console.error(error)
    return {
      name: 'LanceDB (embedded, for comparison)',
      open: (prefix) => createLanceDbVectorStore({ directory: path.join(directory, prefix), onError }),
      listing: null,
      bulk: {
        async openExample() {
          let table: Table | undefined
          return async (chunks) => {
            const rows = chunks.map(({ text, vector }) => ({ id: randomUUID(), text, vector: Array.from(vector) }))
            if (table) await table.add(rows)
            else table = await client.createTable(uniqueName(), rows)
          }
        },
        async openSameFields(space, place) {
          const connection = await connect(path.join(directory, uniqueName()))
          const open = async (name: string, own: EmbeddingSpace | null) => {
            const table = await createTable(connection, name, own)
            for (const column of indexedColumns(name)) await table.createIndex(column, { config: indexOf(column) })
            return table
          }
          const [texts, vectors] = [await open(TEXTS, null), await open(tableOf(space), space)]
          const { workspaceId, knowledgeBaseId, documentId } = place
          const columns = { workspace_id: workspaceId, knowledge_base_id: knowledgeBaseId, document_id: documentId }
          return (chunks) => {
            const textRows = chunks.map(({ id, text }) => ({ id, ...columns, text }))
            const vectorRows = chunks.map(({ id, vector }) => ({ id, ...columns, vector: Array.from(vector) }))
            return async () => {
              await texts.add(textRows)
              await vectors.add(vectorRows)
            }
          }
        },
      },
      async [Symbol.asyncDispose]() {
        client.close()
        await rm(directory, { recursive: true, force: true })
      },
    }
  },
} satisfies Record<string, Start>

const noSignal = new AbortController().signal

export const uniqueName = (): string => `Bench${randomBytes(6).toString('hex')}`

function installed<Installation>(ensured: Ensured<Installation>): Installation {
  if ('missing' in ensured) throw new Error(ensured.missing)
  return ensured.installation
}
