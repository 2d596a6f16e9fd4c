// What the checks of all vector stores have in common: what they look at, and how a store that cannot be used is explained.
import { TributaryError } from '#shared/errors.ts'
import { failed, ok, skipped, type Finding } from '../../../contracts/doctor.ts'
import { judgeStoreVersion, type OldestVersion } from '../../../contracts/judge-store.ts'
import { deepestReason, failedBy, isMisconfigured, type StoreExamination } from '../../../contracts/store-checks.ts'
import { judgeDimensions, type EmbeddingModel, type FoundCollection } from './dimensions.ts'

/** Longest time for one request of a check, in milliseconds. */
export const TIMEOUTS = { readMs: 5_000, writeMs: 5_000 } as const

export const LOOKS = ['version', 'writable', 'collections', 'dimensions'] as const
export type VectorStoreLook = (typeof LOOKS)[number]

export interface ExamineOptions {
  /** The address without a password. */
  place: string
  /** Those that embed now. */
  embeddingModels(): Promise<readonly EmbeddingModel[]>
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
  /** Number of those of this version. Throws DATA_DIRECTORY_NEWER where a newer program has been. */
  countCollections(store: Store, signal: AbortSignal): Promise<number>
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
      collections: (store, signal) => judgeCollections(inspection.countCollections(store, signal)),
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

async function judgeCollections(counted: Promise<number>): Promise<Finding> {
  try {
    const count = await counted
    if (count === 0) return skipped('there are none yet; the first document makes one')
    return ok(count === 1 ? 'one, of this version' : `${count}, all of this version`)
  } catch (error) {
    if (error instanceof TributaryError && error.code === 'DATA_DIRECTORY_NEWER')
      return failedBy(error, 'Start that version, or use another store.')
    throw error
  }
}
