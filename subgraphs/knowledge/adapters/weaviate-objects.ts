// A chunk as an object of Weaviate: its tenant, its UUID, and properties that filters find exactly.
import { createHash } from 'node:crypto'
import weaviate, { Filters, generateUuid5, type FilterValue } from 'weaviate-client'
import { termFrequencies, type KnownWords } from '../domain/term-weights.ts'
import type { ChunkToStore, DocumentPlace } from '../ports/vector-store.ts'

export type ChunkProperties = {
  chunkId: string
  knowledgeBase: string
  document: string
  slot: number
  text: string
  terms: string
}

export interface ChunkObject {
  id: string
  tenant: string
  properties: ChunkProperties
  vector?: number[]
}

/** Number of values that `slot` has: it spreads the chunks of a document evenly, so that a long one can be read in parts. */
const SLOTS = 65_536
/** No word is longer. What is indexed and what is looked for are cut alike. */
const TERM_CHARACTERS = 100

/** Names of tenants have 1 to 64 of these characters; an id that is no such name, or could be taken for a digest, is replaced by its digest. */
export const tenantOf = (workspaceId: string): string =>
  /^(?!digest-)[\w-]{1,64}$/.test(workspaceId)
    ? workspaceId
    : `digest-${createHash('sha256').update(workspaceId).digest('hex').slice(0, 48)}`

/** The same chunk has the same UUID whoever writes it, so that it takes its own place. */
export function chunkObject(
  { workspaceId, knowledgeBaseId, documentId }: DocumentPlace,
  chunk: ChunkToStore,
  known?: KnownWords,
): ChunkObject {
  const id = generateUuid5(JSON.stringify([workspaceId, chunk.id]))
  return {
    id,
    tenant: tenantOf(workspaceId),
    properties: {
      chunkId: chunk.id,
      knowledgeBase: filterable(knowledgeBaseId),
      document: filterable(documentId),
      slot: Number.parseInt(id.slice(0, 4), 16),
      text: chunk.text,
      terms: indexedTerms(chunk.text, known),
    },
    ...(chunk.vector === null ? {} : { vector: Array.from(chunk.vector) }),
  }
}

/** Separated by blanks, each as often as it occurs. */
function indexedTerms(text: string, known?: KnownWords): string {
  return [...termFrequencies(text, known)]
    .flatMap(([term, frequency]) => Array<string>(frequency).fill(term.slice(0, TERM_CHARACTERS)))
    .join(' ')
}

/** Separated by blanks, each once. */
export const soughtTerms = (text: string): string =>
  [...new Set(termFrequencies(text).keys())].map((term) => term.slice(0, TERM_CHARACTERS)).join(' ')

/** Weaviate compares whole values but for the white space around them, which is percent-encoded therefore. */
const filterable = (id: string): string => encodeURIComponent(id.toWellFormed())

export const inKnowledgeBases = (ids: readonly string[]): FilterValue =>
  weaviate.filter.byProperty('knowledgeBase').containsAny(ids.map(filterable))

export const ofDocument = (documentId: string): FilterValue =>
  weaviate.filter.byProperty('document').equal(filterable(documentId))

export const withIds = (ids: readonly string[]): FilterValue => weaviate.filter.byId().containsAny([...ids])

/** The part of a document that lies between two fractions of its slots. */
export function partOfDocument(documentId: string, from: number, to: number): FilterValue {
  const slot = weaviate.filter.byProperty('slot')
  const [first, end] = [Math.floor(from * SLOTS), Math.floor(to * SLOTS)]
  return Filters.and(ofDocument(documentId), slot.greaterOrEqual(first), slot.lessThan(end))
}
