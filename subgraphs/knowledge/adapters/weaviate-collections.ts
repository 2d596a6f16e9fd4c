// The collections of the Weaviate store: one of texts for all chunks, one of vectors per embedding space. Every workspace is a tenant of each, so
// that its objects, its vector index and its word statistics are its own. Names carry the version of this schema; a newer one is refused.
import { createHash } from 'node:crypto'
import type { CollectionConfig, WeaviateClient } from 'weaviate-client'
import { TributaryError } from '#shared/errors.ts'
import type { EmbeddingSpace } from '../ports/vector-store.ts'

type CollectionSchema = Parameters<WeaviateClient['collections']['createFromSchema']>[0]
type PropertySchema = NonNullable<CollectionSchema['properties']>[number]

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

export const textsCollection = (prefix: string): string => `${prefix}V${SCHEMA_VERSION}Texts`

/** Names of models hold characters that names of collections may not. */
export function vectorsCollection(prefix: string, { modelName, dimensions }: EmbeddingSpace): string {
  const digest = createHash('sha256').update(JSON.stringify([modelName, dimensions]))
  return `${prefix}V${SCHEMA_VERSION}Vectors${digest.digest('hex').slice(0, 32)}`
}

export interface KnownCollections {
  hasTexts: boolean
  /** Collections of vectors, by their names. */
  spaces: ReadonlyMap<string, EmbeddingSpace>
}

/** Those of this prefix. DATA_DIRECTORY_NEWER when a newer program made one. */
export function findCollections(prefix: string, all: readonly CollectionConfig[]): KnownCollections {
  const pattern = new RegExp(`^${prefix}V(\\d+)(?:Texts|Vectors[0-9a-f]{32})$`, 'u')
  const own = all.filter(({ name }) => {
    const version = pattern.exec(name)?.[1]
    if (version !== undefined && Number(version) > SCHEMA_VERSION)
      throw new TributaryError(
        'DATA_DIRECTORY_NEWER',
        `A newer version of Tributary has written to Weaviate (collection ${name}). Start that version, or use another Weaviate.`,
      )
    return Number(version) === SCHEMA_VERSION
  })
  const spaces = own.filter(({ name }) => name !== textsCollection(prefix))
  return {
    hasTexts: spaces.length < own.length,
    spaces: new Map(spaces.map(({ name, description }) => [name, JSON.parse(description ?? '') as EmbeddingSpace])),
  }
}

/** `replicas` is the number of nodes that hold each object. */
export function textsSchema(prefix: string, replicas: number): CollectionSchema {
  return {
    ...collectionSchema(textsCollection(prefix), replicas),
    vectorIndexType: 'hnsw',
    vectorIndexConfig: { skip: true },
    // The terms are words already, without stop words. k1 and b: S. E. Robertson et al., "Okapi at TREC-3", 1994; Weaviate's defaults.
    invertedIndexConfig: { stopwords: { preset: 'none' }, bm25: { k1: 1.2, b: 0.75 } },
    properties: [
      ...scopeProperties(),
      textProperty('text', {}),
      textProperty('terms', { indexSearchable: true, tokenization: 'whitespace' }),
    ],
  }
}

export function vectorsSchema(prefix: string, space: EmbeddingSpace, replicas: number): CollectionSchema {
  return {
    ...collectionSchema(vectorsCollection(prefix, space), replicas),
    // What the name is a digest of.
    description: JSON.stringify({ modelName: space.modelName, dimensions: space.dimensions }),
    vectorIndexType: 'hnsw',
    vectorIndexConfig: { distance: 'cosine' },
    properties: scopeProperties(),
  }
}

const collectionSchema = (name: string, replicas: number): CollectionSchema => ({
  class: name,
  vectorizer: 'none',
  multiTenancyConfig: { enabled: true, autoTenantCreation: true, autoTenantActivation: true },
  // A node that missed a write or a deletion takes over whatever happened last.
  replicationConfig: { factor: replicas, asyncEnabled: replicas > 1, deletionStrategy: 'TimeBasedResolution' },
})

const scopeProperties = (): PropertySchema[] => [
  textProperty('chunkId', {}),
  textProperty('knowledgeBase', { indexFilterable: true }),
  textProperty('document', { indexFilterable: true }),
  { name: 'slot', dataType: ['int'], indexFilterable: false, indexRangeFilters: true, indexSearchable: false },
]

const textProperty = (name: string, indexes: Partial<PropertySchema>): PropertySchema => ({
  name,
  dataType: ['text'],
  tokenization: 'field',
  indexFilterable: false,
  indexSearchable: false,
  ...indexes,
})
