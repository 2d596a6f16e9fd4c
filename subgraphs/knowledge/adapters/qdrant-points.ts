// A chunk as a point of Qdrant, and back.
import type { Schemas } from '@qdrant/js-client-rest'
import { createHash, hash } from 'node:crypto'
import { termFrequencies, termWeights, type KnownWords } from '../domain/term-weights.ts'
import type { ChunkToStore, DocumentPlace, EmbeddingSpace } from '../ports/vector-store.ts'
import type { BatchLimits } from './in-flight.ts'
import { RecentlyKnown } from '../domain/recently-known.ts'
import { DENSE, LEXICAL } from './qdrant-collections.ts'

export type Point = Schemas['PointStruct']

export interface Payload {
  workspace_id: string
  knowledge_base_id: string
  document_id: string
  chunk_id: string
  text: string
  /** Of the model whose vector the point has; absent without one. */
  model_name?: string
}

/** Of one request, whichever is reached first. Qdrant refuses requests above 32 MB. */
export const BATCH: BatchLimits<Point> = { items: 256, first: 32, bytes: 8 * 1024 * 1024, bytesOf: sizeOf }
/** Characters of a 32-bit float in JSON, and of a term with its weight. */
const FLOAT_BYTES = 22
const TERM_BYTES = 32

/** Namespace of this program's point ids; itself random. */
const NAMESPACE = Buffer.from('6e0c5a3b8f7d4c1e9a2b3d4f5a6c7e80', 'hex')

/** Qdrant takes numbers and UUIDs only: a UUIDv5 (RFC 9562, 5.5) of workspace and chunk, so that a chunk stored again takes its own place. */
export function pointId(workspaceId: string, chunkId: string): string {
  const bytes = createHash('sha1')
    .update(NAMESPACE)
    .update(JSON.stringify([workspaceId, chunkId]))
    .digest()
  bytes[6] = (bytes[6]! & 0x0f) | 0x50
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

/** What was computed before of words and terms, for whoever makes many points. */
export interface KnownTerms {
  words: KnownWords
  indexes: Map<string, number>
}

export const noKnownTerms = (): KnownTerms => ({ words: new RecentlyKnown(), indexes: new RecentlyKnown() })

export function pointOf(
  place: DocumentPlace,
  space: EmbeddingSpace | null,
  chunk: ChunkToStore,
  known = noKnownTerms(),
): Point {
  const payload: Payload = {
    workspace_id: place.workspaceId,
    knowledge_base_id: place.knowledgeBaseId,
    document_id: place.documentId,
    chunk_id: chunk.id,
    text: chunk.text,
    ...(space === null ? {} : { model_name: space.modelName }),
  }
  const terms = sparse(termWeights(chunk.text, known.words), known.indexes)
  const vector = {
    ...(chunk.vector === null ? {} : { [DENSE]: Array.from(chunk.vector) }),
    ...(terms.indices.length === 0 ? {} : { [LEXICAL]: terms }),
  }
  return { id: pointId(place.workspaceId, chunk.id), vector, payload: { ...payload } }
}

/** Every term counts the same; how rare it is, Qdrant adds. Null when there is nothing to look for. */
export function lexicalQuery(text: string): Schemas['SparseVector'] | null {
  const query = sparse(
    new Map(
      termFrequencies(text)
        .keys()
        .map((term) => [term, 1]),
    ),
    new Map(),
  )
  return query.indices.length === 0 ? null : query
}

/** A term's index is a hash of 32 bits: of a hundred thousand terms about one shares its index with another. Then their weights add up. */
function sparse(weights: ReadonlyMap<string, number>, indexes: Map<string, number>): Schemas['SparseVector'] {
  const byIndex = new Map<number, number>()
  for (const [term, weight] of weights) {
    let index = indexes.get(term)
    if (index === undefined) indexes.set(term, (index = hash('sha1', term, 'buffer').readUInt32BE(0)))
    byIndex.set(index, (byIndex.get(index) ?? 0) + weight)
  }
  return { indices: [...byIndex.keys()], values: [...byIndex.values()] }
}

function sizeOf({ vector, payload }: Point): number {
  const { [DENSE]: dense, [LEXICAL]: lexical } = vector as { dense?: number[]; lexical?: { indices: number[] } }
  const text = Buffer.byteLength(String(payload!['text']))
  return text + (dense?.length ?? 0) * FLOAT_BYTES + (lexical?.indices.length ?? 0) * TERM_BYTES + 1_000
}

/** All values of a field in a list must be one of these; nothing matches an empty list. */
export const matching = (fields: Readonly<Record<string, string | readonly string[]>>): Schemas['Filter'] => ({
  must: Object.entries(fields).map(([key, value]) =>
    typeof value === 'string' ? { key, match: { value } } : { key, match: { any: [...value] } },
  ),
})
