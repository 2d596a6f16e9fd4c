// The collections of the Chroma store: one per embedding space, and one for chunks that have no vector. Names begin with a prefix and the version of
// what is stored; a newer one is refused, an older one left alone.
import type { Collection, CreateCollectionConfiguration } from 'chromadb'
import { TributaryError } from '#shared/errors.ts'
import type { EmbeddingSpace } from '../ports/vector-store.ts'
import type { ChromaRequests } from './chroma-requests.ts'
import { labelOf } from './space-names.ts'

/** What names of collections begin with, unless platforms share a server. */
export const DEFAULT_PREFIX = 'tributary'
/** One more when what is stored changes so that this program would misread it. */
const SCHEMA_VERSION = 2
/** Collections that one request lists. */
const PAGE = 100

export interface KnownCollection {
  /** By which the server knows it. */
  id: string
  name: string
  /** Null for that of chunks without a vector. */
  space: EmbeddingSpace | null
}

export interface ChromaCollections {
  /** Those that are there now, by their names. DATA_DIRECTORY_NEWER when a newer program made one. */
  list(signal: AbortSignal): Promise<ReadonlyMap<string, KnownCollection>>
  /** Names of those that a program of an earlier version left. */
  listOlder(signal: AbortSignal): Promise<string[]>
  /** Those that were there when last looked. */
  known(): ReadonlyMap<string, KnownCollection>
  /** Makes it unless it is there; two processes may do so at once. */
  ensure(space: EmbeddingSpace | null, signal: AbortSignal): Promise<KnownCollection>
  nameOf(space: EmbeddingSpace | null): string
}

export function createChromaCollections(requests: ChromaRequests, prefix: string): ChromaCollections {
  // Chroma takes names of 3 to 512 letters, digits, _ - and dots that begin and end with a letter or digit.
  if (!/^[A-Za-z0-9][\w-]{0,99}$/.test(prefix))
    throw new TributaryError(
      'CONFIGURATION_INVALID',
      `collectionPrefix is "${prefix}": 1 to 100 letters, digits, _ and - are expected, the first a letter or digit.`,
    )
  let present: ReadonlyMap<string, KnownCollection> = new Map()
  const nameOf = (space: EmbeddingSpace | null) =>
    `${prefix}-v${SCHEMA_VERSION}-${space === null ? 'texts' : labelOf(space)}`

  /** NaN when it is of somebody else. */
  const versionOf = ({ name }: Collection): number =>
    name.startsWith(`${prefix}-v`) ? Number(/^(\d+)-/.exec(name.slice(prefix.length + 2))?.[1]) : NaN

  const listAll = (signal: AbortSignal): Promise<Collection[]> =>
    requests.read(signal, async (client) => {
      const collections: Collection[] = []
      for (;;) {
        const page = await client.listCollections({ limit: PAGE, offset: collections.length })
        collections.push(...page)
        if (page.length < PAGE) return collections
      }
    })

  /** Null when it is of somebody else, or of an older program. */
  function own(collection: Collection): KnownCollection | null {
    const { id, name, metadata } = collection
    if (versionOf(collection) > SCHEMA_VERSION)
      throw new TributaryError(
        'DATA_DIRECTORY_NEWER',
        `A newer version of Tributary has written to Chroma (collection ${name}). Start that version, or use another Chroma.`,
      )
    if (versionOf(collection) !== SCHEMA_VERSION) return null
    const [modelName, dimensions] = [metadata?.['model_name'], metadata?.['dimensions']]
    return {
      id,
      name,
      space: typeof modelName === 'string' ? { modelName, dimensions: Number(dimensions) } : null,
    }
  }

  return {
    nameOf,
    known: () => present,

    async list(signal) {
      const all = await listAll(signal)
      present = new Map(all.flatMap((collection) => own(collection) ?? []).map((each) => [each.name, each]))
      return present
    },

    async listOlder(signal) {
      const all = await listAll(signal)
      return all.filter((each) => versionOf(each) < SCHEMA_VERSION).map(({ name }) => name)
    },

    async ensure(space, signal) {
      const name = nameOf(space)
      const there = present.get(name)
      if (there) return there
      const made = await requests.write(signal, (client) =>
        client.getOrCreateCollection({
          name,
          embeddingFunction: null,
          configuration: { hnsw: indexOf(space) },
          // Chroma takes no empty metadata.
          metadata: space === null ? { holds: 'texts' } : { model_name: space.modelName, dimensions: space.dimensions },
        }),
      )
      const collection = { id: made.id, name, space }
      present = new Map([...present, [name, collection]])
      return collection
    },
  }
}

/** Searches give up to 1,000 neighbours, which a narrower beam would not find. */
const indexOf = (space: EmbeddingSpace | null): NonNullable<CreateCollectionConfiguration['hnsw']> =>
  space === null ? { space: 'l2' } : { space: 'cosine', ef_construction: 200, ef_search: 1_000 }
