// What the checks of all vector stores have in common: what they look at, and how a store that cannot be used is explained.
import { TributaryError } from '#shared/errors.ts'
import { failed, ok, skipped, warning, type Finding } from '../../../contracts/doctor.ts'
import { judgeStoreVersion, type OldestVersion } from '../../../contracts/judge-store.ts'
import { deepestReason, failedBy, isMisconfigured, type StoreExamination } from '../../../contracts/store-checks.ts'
import { judgeDimensions, type EmbeddingModel, type FoundCollection } from './dimensions.ts'

export const LOOKS = ['version', 'writable', 'collections', 'dimensions'] as const
export type VectorStoreLook = (typeof LOOKS)[number]

export interface ExamineOptions {
  /** The address without a password. */
  place: string
  /** Those that embed now. */
  embeddingModels(): Promise<readonly EmbeddingModel[]>
}

export interface CollectionsByVersion {
  /** Those of this version. */
  count: number
  /** Names of those that an earlier program left. Default: this program reads what all of them left. */
  older?: readonly string[]
}

/** How one kind of store is asked what all are asked. */
export interface VectorStoreInspection<Store> {
  /** As people call it. */
  product: string
  urlVariable: string
  keyVariable: string
  oldest: OldestVersion
  /** Throws when it cannot be reached, or refuses the key. */
  open(signal: AbortSignal): Promise<Store>
  close(store: Store): Promise<void> | void
  /** A write that changes nothing. */
  write(store: Store, signal: AbortSignal): Promise<unknown>
  /** Whether that write was refused for what comes behind the question who asks. */
  isBehindRights(error: unknown): boolean
  /** Throws DATA_DIRECTORY_NEWER where a newer program has been. */
  collections(store: Store, signal: AbortSignal): Promise<CollectionsByVersion>
  /** What drops one, for a shell. Needed where there can be older ones. */
  dropCommand?(name: string): string
  /** Those with vectors. */
  findCollections(store: Store, signal: AbortSignal): Promise<FoundCollection[]>
}

export function examineVectorStore<Store extends { version: string }>(
  inspection: VectorStoreInspection<Store>,
  { place, embeddingModels }: ExamineOptions,
): StoreExamination<Store, VectorStoreLook> {
  const { product, urlVariable, keyVariable } = inspection
  return {
    open: inspection.open,
    close: inspection.close,
    explain(error) {
      if (isMisconfigured(error))
        return { stage: 'credentials', finding: failedBy(error, `Set or correct ${keyVariable}.`) }
      const remedy = `See that ${product} runs there and listens for this machine (firewall, proxy), or correct ${urlVariable}.`
      return { stage: 'reachable', finding: failed(`${place}: ${deepestReason(error)}`, remedy) }
    },
    looks: {
      version: ({ version }) => judgeStoreVersion(version, inspection.oldest),
      writable: (store, signal) => judgeWrite(inspection.write(store, signal), inspection),
      collections: (store, signal) => judgeCollections(inspection.collections(store, signal), inspection),
      dimensions: async (store, signal) =>
        judgeDimensions(await inspection.findCollections(store, signal), await embeddingModels()),
    },
  }
}

async function judgeWrite<Store>(
  write: Promise<unknown>,
  { product, keyVariable, isBehindRights }: VectorStoreInspection<Store>,
): Promise<Finding> {
  try {
    await write
  } catch (error) {
    if (!isBehindRights(error)) {
      if (!(error instanceof TributaryError)) throw error
      if (error.code === 'CAPACITY_EXCEEDED')
        return failed(`it has no room: ${deepestReason(error)}`, `Give ${product} more disk or memory.`)
      return failedBy(error, `Give ${product} back its writes, or set ${keyVariable} to a key that may write.`)
    }
  }
  return ok('it takes writes')
}

async function judgeCollections<Store>(
  looked: Promise<CollectionsByVersion>,
  { dropCommand = (name) => name }: Pick<VectorStoreInspection<Store>, 'dropCommand'>,
): Promise<Finding> {
  try {
    const { count, older = [] } = await looked
    if (older.length > 0)
      return warning(
        `${older.join(', ')}: left by an earlier version and not read any more, so that documents which are only there are not found`,
        `Delete those documents and ingest them again, which indexes them anew. Then drop what was left: ${older.map(dropCommand).join('; ')}`,
      )
    if (count === 0) return skipped('there are none yet; the first document makes one')
    return ok(count === 1 ? 'one, of this version' : `${count}, all of this version`)
  } catch (error) {
    if (error instanceof TributaryError && error.code === 'DATA_DIRECTORY_NEWER')
      return failedBy(error, 'Start that version, or use another store.')
    throw error
  }
}
