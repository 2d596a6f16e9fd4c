// A chunk as a record of Chroma.
import { hash } from 'node:crypto'
import type { Metadata, Where } from 'chromadb'
import { termWeights } from '../domain/term-weights.ts'
import type { ChunkToStore, DocumentPlace } from '../ports/vector-store.ts'

/** `weights` has the weight of each of `terms`, in their order. */
export interface ChunkMetadata extends Metadata {
  workspace: string
  knowledge_base: string
  document: string
  chunk: string
  terms: string[]
  weights: number[]
}

/** Chroma keeps a list that an update leaves out, and takes no empty one: a text without terms has this. */
const NO_TERM = ''
/** No word is longer. What is stored and what is looked for are cut alike. */
const TERM_CHARACTERS = 100

export const recordId = (workspaceId: string, chunkId: string): string => JSON.stringify([workspaceId, chunkId])

export function chunkMetadata(place: DocumentPlace, chunk: ChunkToStore): ChunkMetadata {
  const weights = new Map<string, number>()
  for (const [term, weight] of termWeights(chunk.text)) {
    const cut = term.slice(0, TERM_CHARACTERS)
    weights.set(cut, (weights.get(cut) ?? 0) + weight)
  }
  if (weights.size === 0) weights.set(NO_TERM, 0)
  return {
    workspace: place.workspaceId,
    knowledge_base: place.knowledgeBaseId,
    document: place.documentId,
    chunk: chunk.id,
    terms: [...weights.keys()],
    weights: [...weights.values()],
  }
}

export const soughtTerms = (text: string): string[] => [
  ...new Set([...termWeights(text).keys()].map((term) => term.slice(0, TERM_CHARACTERS))),
]

/** Chroma wants a vector of every record: where there is none, one that nobody looks for. Different ones, for its graph has no use for equals. */
export const placeholderVector = (id: string): number[] => [hash('sha1', id, 'buffer').readUInt32BE(0) / 2 ** 32]

/** The dialect of Chroma's filters wants two conditions at least under `$and`, and under `$or`. */
export const inScope = (
  workspaceId: string,
  field: 'document' | 'knowledge_base',
  values: readonly string[],
): Where => ({
  $and: [{ workspace: { $eq: workspaceId } }, { [field]: { $in: [...values] } }],
})

export function withTerms(scope: Where, terms: readonly string[], combine: '$and' | '$or'): Where {
  const conditions: Where[] = terms.map((term) => ({ terms: { $contains: term } }))
  return { $and: [scope, conditions.length === 1 ? conditions[0]! : ({ [combine]: conditions } as Where)] }
}
