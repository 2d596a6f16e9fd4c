// Documents that were valid, for Apollo Server. Its own store counts a document by its JSON, which has neither the text that every node points to nor
// the tokens between them: a client could fill the memory with comments. Here what is kept is bounded in bytes as it is.
import type { DocumentNode } from 'graphql'
import { LRUCache } from 'lru-cache'

export interface DocumentStore {
  get(key: string): Promise<DocumentNode | undefined>
  set(key: string, document: DocumentNode): Promise<void>
  delete(key: string): Promise<boolean>
}

const STORE_BYTES = 32 * 1_048_576
/** A larger one is parsed each time, instead of pushing out many that are usual. */
const MAX_DOCUMENT_BYTES = 2 * 1_048_576
/** Token and nodes, measured as in planning/prepare-operation.ts. */
const BYTES_PER_TOKEN = 512
const BYTES_PER_CHARACTER = 2

export function createDocumentStore(): DocumentStore {
  const documents = new LRUCache<string, DocumentNode>({
    maxSize: STORE_BYTES,
    maxEntrySize: MAX_DOCUMENT_BYTES,
    sizeCalculation: ({ tokenCount, loc }, key) =>
      (tokenCount ?? 0) * BYTES_PER_TOKEN + (key.length + (loc?.source.body.length ?? 0)) * BYTES_PER_CHARACTER,
  })
  return {
    get: async (key) => documents.get(key),
    async set(key, document) {
      documents.set(key, document)
    },
    delete: async (key) => documents.delete(key),
  }
}
