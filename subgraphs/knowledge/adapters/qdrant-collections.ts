// The collections of the Qdrant store: one per embedding space, and one for chunks that have no vector. Their names begin with a prefix and the
// version of what is stored, so that a program knows when a newer one has been here.
import type { Schemas } from '@qdrant/js-client-rest'
import { TributaryError } from '#shared/errors.ts'
import type { EmbeddingSpace } from '../ports/vector-store.ts'
import { saysAlreadyThere, statusOf, type QdrantRequests } from './qdrant-requests.ts'
import { labelOf } from './space-names.ts'

export const DENSE = 'dense'
export const LEXICAL = 'lexical'
/** One more when what is stored changes so that this program would misread it. */
const SCHEMA_VERSION = 1
/** A bit per dimension keeps the order of neighbours only where there are many: below this its precision collapses, says Qdrant's own guide. */
const BINARY_DIMENSIONS_MIN = 1024

/** What is kept in memory for dense search: the vectors themselves, a byte or a bit per dimension. The vectors stay on disk, and the best are compared by them. */
export type Quantization = 'none' | 'scalar' | 'binary'

export interface QdrantCollections {
  /** Of chunks without a vector. */
  texts: string
  of(space: EmbeddingSpace): string
  /** Names of those that are there now. DATA_DIRECTORY_NEWER when a newer program made one. */
  list(signal: AbortSignal): Promise<string[]>
  /** Those that were there when last looked. */
  known(): string[]
  /** Makes it and its indexes unless they are there; two processes may do so at once. Returns its name. */
  ensure(space: EmbeddingSpace | null, signal: AbortSignal): Promise<string>
  /** It was found missing though it had been ensured. */
  forget(name: string): void
}

export interface QdrantCollectionsOptions {
  requests: QdrantRequests
  prefix: string
  quantization: Quantization
}

/** Every search and deletion is by these. The workspace is Qdrant's tenant: what belongs together lies together. */
const INDEXES: Readonly<Record<string, Schemas['KeywordIndexParams']>> = {
  workspace_id: { type: 'keyword', is_tenant: true },
  knowledge_base_id: { type: 'keyword' },
  document_id: { type: 'keyword' },
}

export function createQdrantCollections(options: QdrantCollectionsOptions): QdrantCollections {
  const { requests, prefix, quantization } = options
  if (!/^[\w-]{1,100}$/.test(prefix))
    throw new TributaryError(
      'CONFIGURATION_INVALID',
      `collectionPrefix is "${prefix}": 1 to 100 letters, digits, _ and - are expected.`,
    )
  const ready = new Set<string>()
  let present: string[] = []
  const nameOf = (what: string) => `${prefix}-v${SCHEMA_VERSION}-${what}`
  const texts = nameOf('texts')
  const of = (space: EmbeddingSpace) => nameOf(labelOf(space))

  async function find(name: string, signal: AbortSignal): Promise<Schemas['CollectionInfo'] | null> {
    try {
      return await requests.read(signal, (api, init) => api.getCollection({ collection_name: name }, init))
    } catch (error) {
      if (statusOf(error) === 404) return null
      throw error
    }
  }

  async function create(name: string, space: EmbeddingSpace | null, signal: AbortSignal): Promise<void> {
    const wanted: Schemas['CreateCollection'] = {
      // Of unit length, so that the product is the cosine, and vectors come back as they were given.
      vectors: space === null ? {} : { [DENSE]: { size: space.dimensions, distance: 'Dot' } },
      sparse_vectors: { [LEXICAL]: { modifier: 'idf' } },
      // Graphs inside tenants instead of one over all of them, which no search asks.
      hnsw_config: { m: 0, payload_m: 16 },
      ...(space === null || quantization === 'none' ? {} : { quantization_config: quantizationConfig(quantization) }),
    }
    try {
      await requests.write(signal, (api, init) => api.createCollection({ collection_name: name, ...wanted }, init))
    } catch (error) {
      if (!saysAlreadyThere(error)) throw error
    }
  }

  async function mend(name: string, hasVectors: boolean, info: Schemas['CollectionInfo'], signal: AbortSignal) {
    for (const [field_name, field_schema] of Object.entries(INDEXES))
      if (!(field_name in info.payload_schema))
        await requests.write(signal, (api, init) =>
          api.createFieldIndex({ collection_name: name, wait: true, field_name, field_schema }, init),
        )
    const [current = 'none'] = Object.keys(info.config.quantization_config ?? {})
    if (hasVectors && current !== quantization)
      await requests.write(signal, (api, init) =>
        api.updateCollection(
          {
            collection_name: name,
            quantization_config: quantization === 'none' ? 'Disabled' : quantizationConfig(quantization),
          },
          init,
        ),
      )
  }

  return {
    texts,
    of,
    known: () => present,
    forget: (name) => void ready.delete(name),

    async list(signal) {
      const { collections } = await requests.read(signal, (api, init) => api.getCollections({}, init))
      const names = collections.map(({ name }) => name)
      present = names.filter((name) => {
        if (!name.startsWith(`${prefix}-v`)) return false
        const version = Number(/^(\d+)-/.exec(name.slice(prefix.length + 2))?.[1])
        if (version > SCHEMA_VERSION) throw madeByNewer(name)
        return version === SCHEMA_VERSION
      })
      return present
    },

    async ensure(space, signal) {
      const name = space === null ? texts : of(space)
      if (ready.has(name)) return name
      if (space !== null && quantization === 'binary' && space.dimensions < BINARY_DIMENSIONS_MIN)
        throw binaryTooCoarse(space)
      let info = await find(name, signal)
      if (info === null) {
        await create(name, space, signal)
        info = await find(name, signal)
      }
      if (info !== null) await mend(name, space !== null, info, signal)
      ready.add(name)
      return name
    },
  }
}

function quantizationConfig(quantization: Exclude<Quantization, 'none'>): Schemas['QuantizationConfig'] {
  if (quantization === 'binary') return { binary: { always_ram: true } }
  // Outliers of one in a hundred would stretch the scale of all.
  return { scalar: { type: 'int8', quantile: 0.99, always_ram: true } }
}

const binaryTooCoarse = ({ modelName, dimensions }: EmbeddingSpace) =>
  new TributaryError(
    'CONFIGURATION_INVALID',
    `TRIBUTARY_QDRANT_QUANTIZATION is "binary", but ${modelName} makes vectors of ${dimensions} dimensions: below ${BINARY_DIMENSIONS_MIN} the precision of binary quantization collapses. Set it to scalar or none.`,
  )

const madeByNewer = (name: string) =>
  new TributaryError(
    'DATA_DIRECTORY_NEWER',
    `A newer version of Tributary has written to Qdrant (collection ${name}). Start that version, or use another Qdrant.`,
  )
