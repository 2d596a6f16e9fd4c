// The vector store that is configured. The library of a store is loaded only when it is the chosen one: a start waits for no other.
import path from 'node:path'
import { TributaryError } from '#shared/errors.ts'
import type { VectorStore } from '../ports/vector-store.ts'

export type VectorStoreName = 'lancedb' | 'qdrant' | 'weaviate' | 'chroma'

/** Variables of the environment, as config.ts reads them. */
export interface VectorStoreSettings {
  TRIBUTARY_VECTOR_STORE?: VectorStoreName | undefined
  QDRANT_URL?: string | undefined
  QDRANT_API_KEY?: string | undefined
  TRIBUTARY_QDRANT_QUANTIZATION: 'none' | 'scalar' | 'binary'
  TRIBUTARY_QDRANT_COLLECTION_PREFIX: string
  WEAVIATE_URL?: string | undefined
  WEAVIATE_GRPC_URL?: string | undefined
  WEAVIATE_API_KEY?: string | undefined
  TRIBUTARY_WEAVIATE_REPLICAS: number
  CHROMA_URL?: string | undefined
  CHROMA_TOKEN?: string | undefined
  CHROMA_TENANT: string
  CHROMA_DATABASE: string
}

export interface OpenVectorStoreOptions {
  settings: VectorStoreSettings
  /** Of the platform; an embedded store keeps its files below it. */
  dataDirectory: string
  /** False for processes that only search. */
  isWriter: boolean
  /** What an embedded store does in the background and could not. */
  onError(error: unknown): void
}

type Open = (options: OpenVectorStoreOptions & { url: string }) => Promise<VectorStore>

const STORES: Record<VectorStoreName, Open> = {
  async lancedb({ dataDirectory, isWriter, onError }) {
    // Read when the library is loaded. It warns of each partition of an index that gets no new rows, on the console of whoever started the platform.
    process.env['LANCEDB_LOG'] ??= 'error'
    const { createLanceDbVectorStore } = await import('./lancedb-vector-store.ts')
    return createLanceDbVectorStore({ directory: path.join(dataDirectory, 'vectors'), isWriter, onError })
  },
  async qdrant({ url, settings }) {
    const { createQdrantVectorStore } = await import('./qdrant-vector-store.ts')
    return createQdrantVectorStore({
      url,
      apiKey: settings.QDRANT_API_KEY,
      collectionPrefix: settings.TRIBUTARY_QDRANT_COLLECTION_PREFIX,
      quantization: settings.TRIBUTARY_QDRANT_QUANTIZATION,
    })
  },
  async weaviate({ url, settings }) {
    const { createWeaviateVectorStore } = await import('./weaviate-vector-store.ts')
    return createWeaviateVectorStore({
      url,
      grpcUrl: settings.WEAVIATE_GRPC_URL ?? weaviateGrpcUrl(url),
      apiKey: settings.WEAVIATE_API_KEY,
      replicas: settings.TRIBUTARY_WEAVIATE_REPLICAS,
    })
  },
  async chroma({ url, settings: { CHROMA_TOKEN: token, CHROMA_TENANT: tenant, CHROMA_DATABASE: database } }) {
    const { createChromaVectorStore } = await import('./chroma-vector-store.ts')
    return createChromaVectorStore({ url, token, tenant, database })
  },
}

const URL_VARIABLES = {
  qdrant: 'QDRANT_URL',
  weaviate: 'WEAVIATE_URL',
  chroma: 'CHROMA_URL',
} as const satisfies Partial<Record<VectorStoreName, keyof VectorStoreSettings>>

/** Opens without asking a server: one that is away is told by the calls. CONFIGURATION_INVALID when it is not clear which store is meant. */
export async function openVectorStore(options: OpenVectorStoreOptions): Promise<VectorStore> {
  const { name, url } = chooseVectorStore(options.settings)
  return STORES[name]({ ...options, url })
}

/** `url` is empty for an embedded store. CONFIGURATION_INVALID when it is not clear which store is meant. */
export function chooseVectorStore(settings: VectorStoreSettings): { name: VectorStoreName; url: string } {
  const name = settings.TRIBUTARY_VECTOR_STORE ?? storeWithUrl(settings)
  const variable = name === 'lancedb' ? null : URL_VARIABLES[name]
  const url = variable === null ? '' : settings[variable]
  if (url === undefined)
    throw new TributaryError(
      'CONFIGURATION_INVALID',
      `TRIBUTARY_VECTOR_STORE is "${name}", but ${variable} is not set: the address of the store is expected there.`,
    )
  return { name, url }
}

/** The same host and scheme, and the port that Weaviate has for gRPC unless it is told another. */
export const weaviateGrpcUrl = (url: string): string => Object.assign(new URL('/', url), { port: '50051' }).href

function storeWithUrl(settings: VectorStoreSettings): VectorStoreName {
  const given = Object.entries(URL_VARIABLES).filter(([, variable]) => settings[variable] !== undefined)
  if (given.length > 1) {
    const variables = given.map(([, variable]) => variable).join(' and ')
    const names = given.map(([name]) => name).join(' or ')
    throw new TributaryError(
      'CONFIGURATION_INVALID',
      `${variables} are set: set TRIBUTARY_VECTOR_STORE to ${names}, or leave only one of them.`,
    )
  }
  return (given[0]?.[0] as VectorStoreName | undefined) ?? 'lancedb'
}
