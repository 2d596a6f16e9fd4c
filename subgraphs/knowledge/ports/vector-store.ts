// Where chunks are found again, by meaning and by words. It holds what search needs and nothing else: ids, vectors and the indexed text;
// rows and exact texts stay in the database, so a store can be emptied and filled again from there.
//
// Two kinds of content under one chunk id: its indexed text, always; its vector, when an embedding model was there. Vectors of different
// models are never compared: each model has an embedding space of its own.
import { TributaryError } from '#shared/errors.ts'

/** Vectors that can be compared with each other: those of one model. */
export interface EmbeddingSpace {
  /** Name of the model, as its provider knows it. */
  modelName: string
  dimensions: number
}

export interface ChunkToStore {
  id: string
  /** What is searched by words. */
  text: string
  /** Of unit length; null when the chunk is to be found by words only. */
  vector: Float32Array | null
}

export interface DocumentPlace {
  workspaceId: string
  knowledgeBaseId: string
  documentId: string
}

export interface VectorSearch {
  workspaceId: string
  /** Nothing outside these is found; empty finds nothing. */
  knowledgeBaseIds: readonly string[]
  /** One entry per embedding space to look in. */
  vectors: readonly { space: EmbeddingSpace; vector: Float32Array }[]
  /** Words to look for; null looks by meaning only. */
  text: string | null
  /** Longest length of each list, 1 to 1,000. */
  limit: number
  signal: AbortSignal
}

/** What is stored for one document, as `upsert` takes it. */
export interface StoredChunks {
  /** Null when no chunk has a vector. */
  space: EmbeddingSpace | null
  /** In no particular order. */
  chunks: ChunkToStore[]
}

/** Best first; scores are comparable within one list only, higher is better. */
export type RankedChunks = { chunkId: string; score: number }[]

export interface VectorSearchResult {
  /** One list per entry of `vectors`, in their order. Scores are cosine similarities. */
  dense: RankedChunks[]
  lexical: RankedChunks
}

/** Every call ends with its signal: it rejects with the signal's reason, and what it had begun may still be carried out by the store. */
export interface VectorStore {
  /**
   * Stores or replaces chunks of one document by their ids; a search that begins afterwards finds them. `space` is needed when a chunk has a
   * vector. What was stored under an id before is replaced whole, its vector of another space, too.
   */
  upsert(
    place: DocumentPlace,
    space: EmbeddingSpace | null,
    chunks: readonly ChunkToStore[],
    signal: AbortSignal,
  ): Promise<void>
  search(search: VectorSearch): Promise<VectorSearchResult>
  /** Removes whatever is stored for the document; nothing stored is no error. */
  deleteDocument(workspaceId: string, documentId: string, signal: AbortSignal): Promise<void>
  deleteKnowledgeBase(workspaceId: string, knowledgeBaseId: string, signal: AbortSignal): Promise<void>
  /** How many of the document's chunks can be found by words, and how many by meaning. */
  count(workspaceId: string, documentId: string, signal: AbortSignal): Promise<{ texts: number; vectors: number }>
  /** Everything that is stored for the document, vectors to the precision of 32-bit floats; to move it to another store. */
  readDocument(workspaceId: string, documentId: string, signal: AbortSignal): Promise<StoredChunks>
  close(): Promise<void>
}

/** The store does not answer. Retryable. */
export const vectorStoreUnavailable = (cause: unknown) =>
  new TributaryError('UPSTREAM_UNAVAILABLE', 'The vector store cannot be used now.', { cause })

/** Its disk is full. Retryable: whoever makes room finds the work waiting. `where` names the store and its variable, `remedy` ends what is to be done. */
export const vectorStoreFull = (where: string, remedy: string, cause: unknown) =>
  new TributaryError('CAPACITY_EXCEEDED', `The disk of ${where} is full. ${remedy}`, { cause })

/** A vector has another length than its space says: it comes from another model than it claims. */
export const vectorLengthWrong = (expected: number, actual: number) =>
  new TributaryError(
    'MODEL_FAILED',
    `The embedding model answered vectors of ${actual} dimensions where ${expected} were expected.`,
  )
