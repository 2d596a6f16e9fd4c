// The collections of the Weaviate store: one per embedding space, and one for chunks that have no vector. Every workspace is a tenant of each, so
// that its objects, its vector index and its word statistics are its own. Names carry the version of this schema; a newer one is refused.
import type { CollectionConfig, WeaviateClient } from 'weaviate-client'
import { TributaryError } from '#shared/errors.ts'
import type { EmbeddingSpace } from '../ports/vector-store.ts'
import { digestOf } from './space-names.ts'

type CollectionSchema = Parameters<WeaviateClient['collections']['createFromSchema']>[0]
type PropertySchema = NonNullable<CollectionSchema['properties']>[number]

/** What names of collections begin with, unless platforms share a server. */
export const DEFAULT_PREFIX = 'Tributary'
const SCHEMA_VERSION = 1

/** Weaviate writes names of collections with a capital, whatever it was given. */
const PREFIX_PATTERN = /^[A-Z][A-Za-z0-9]{0,63}$/

export function checkPrefix(prefix: string): void {
  if (!PREFIX_PATTERN.test(prefix))
    throw new TributaryError(
      'CONFIGURATION_INVALID',
      `collectionPrefix is "${prefix}": 1 to 64 letters and digits are expected, the first a capital.`,
    )
}

/** Without a space that of chunks without a vector. */
export function collectionName(prefix: string, space: EmbeddingSpace | null): string {
  if (space === null) return `${prefix}V${SCHEMA_VERSION}Texts`
  return `${prefix}V${SCHEMA_VERSION}Vectors${digestOf(space, 32)}`
}

/** Spaces by the names of their collections. */
export type KnownCollections = ReadonlyMap<string, EmbeddingSpace | null>

/** Those of this prefix. DATA_DIRECTORY_NEWER when a newer program made one. */
export function findCollections(prefix: string, all: readonly CollectionConfig[]): KnownCollections {
  const pattern = new RegExp(`^${prefix}V(\\d+)[A-Z]`, 'u')
  const own = all.filter(({ name }) => {
    const version = Number(pattern.exec(name)?.[1])
    if (version > SCHEMA_VERSION)
      throw new TributaryError(
        'DATA_DIRECTORY_NEWER',
        `A newer version of Tributary has written to Weaviate (collection ${name}). Start that version, or use another Weaviate.`,
      )
    return version === SCHEMA_VERSION
  })
  return new Map(
    own.map(({ name, description }) => [name, description ? (JSON.parse(description) as EmbeddingSpace) : null]),
  )
}

/** `replicas` is the number of nodes that hold each object. */
export function collectionSchema(prefix: string, space: EmbeddingSpace | null, replicas: number): CollectionSchema {
  return {
    class: collectionName(prefix, space),
    // What the name is a digest of.
    ...(space === null
      ? {}
      : { description: JSON.stringify({ modelName: space.modelName, dimensions: space.dimensions }) }),
    vectorizer: 'none',
    vectorIndexType: 'hnsw',
    vectorIndexConfig: space === null ? { skip: true } : { distance: 'cosine' },
    multiTenancyConfig: { enabled: true, autoTenantCreation: true, autoTenantActivation: true },
    // A node that missed a write or a deletion takes over whatever happened last.
    replicationConfig: { factor: replicas, asyncEnabled: replicas > 1, deletionStrategy: 'TimeBasedResolution' },
    // The terms are words already, without stop words. k1 and b: S. E. Robertson et al., "Okapi at TREC-3", 1994; Weaviate's defaults.
    invertedIndexConfig: { stopwords: { preset: 'none' }, bm25: { k1: 1.2, b: 0.75 } },
    properties: [
      textProperty('chunkId', {}),
      textProperty('knowledgeBase', { indexFilterable: true }),
      textProperty('document', { indexFilterable: true }),
      { name: 'slot', dataType: ['int'], indexFilterable: false, indexRangeFilters: true, indexSearchable: false },
      textProperty('text', {}),
      textProperty('terms', { indexSearchable: true, tokenization: 'whitespace' }),
    ],
  }
}

const textProperty = (name: string, indexes: Partial<PropertySchema>): PropertySchema => ({
  name,
  dataType: ['text'],
  tokenization: 'field',
  indexFilterable: false,
  indexSearchable: false,
  ...indexes,
})
