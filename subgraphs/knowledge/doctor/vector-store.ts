// What the checks of all vector stores have in common: what they look at, and how a store that cannot be used is explained.
import { TributaryError } from '#shared/errors.ts'
import { failed, ok, skipped, type Finding } from '../../../contracts/doctor.ts'
import { deepestReason, failedBy, isMisconfigured } from '../../../contracts/store-checks.ts'
import type { EmbeddingModel } from './dimensions.ts'

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

export interface StoreWords {
  /** As people call it. */
  product: string
  urlVariable: string
  keyVariable: string
}

export function explainUnusable(
  error: unknown,
  place: string,
  { product, urlVariable, keyVariable }: StoreWords,
): { stage: string; finding: Finding } {
  if (isMisconfigured(error))
    return { stage: 'credentials', finding: failedBy(error, `Set or correct ${keyVariable}.`) }
  const remedy = `See that ${product} runs there and listens for this machine (firewall, proxy), or correct ${urlVariable}.`
  return { stage: 'reachable', finding: failed(`${place}: ${deepestReason(error)}`, remedy) }
}

/** Of a write that changes nothing: what came of it, and whether a refusal is of the kind that comes behind the question who asks. */
export async function judgeWrite(
  write: Promise<unknown>,
  isBehindRights: (error: unknown) => boolean,
  { product, keyVariable }: StoreWords,
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

/** `list` throws DATA_DIRECTORY_NEWER where a newer program has been. */
export async function judgeCollections(list: Promise<{ size: number }>): Promise<Finding> {
  try {
    const { size } = await list
    if (size === 0) return skipped('there are none yet; the first document makes one')
    return ok(size === 1 ? 'one, of this version' : `${size}, all of this version`)
  } catch (error) {
    if (error instanceof TributaryError && error.code === 'DATA_DIRECTORY_NEWER')
      return failedBy(error, 'Start that version, or use another store.')
    throw error
  }
}
