// Automatic persisted queries: a client sends the hash of its document, and the text once, when the hash is not known. Apollo Server does so for
// HTTP; sockets share its store, which is bounded in bytes.
import { LRUCache } from 'lru-cache'

export interface PersistedQueries {
  /** As Apollo Server wants it. */
  cache: {
    get(key: string): Promise<string | undefined>
    set(key: string, text: string): Promise<void>
    delete(key: string): Promise<boolean>
  }
  find(sha256Hash: string): string | undefined
  register(sha256Hash: string, text: string): void
}

/** Default 30 MiB. */
const CACHE_BYTES = 30 * 1_048_576
const MAX_ENTRY_BYTES = 1_048_576
/** Apollo Server puts it before each hash. */
const KEY_PREFIX = 'apq:'

export function createPersistedQueries(options: { maxBytes?: number } = {}): PersistedQueries {
  const texts = new LRUCache<string, string>({
    maxSize: options.maxBytes ?? CACHE_BYTES,
    maxEntrySize: MAX_ENTRY_BYTES,
    // Two bytes per character at worst.
    sizeCalculation: (text, key) => 2 * (text.length + key.length) + 1,
  })
  return {
    cache: {
      get: async (key) => texts.get(key),
      async set(key, text) {
        texts.set(key, text)
      },
      delete: async (key) => texts.delete(key),
    },
    find: (sha256Hash) => texts.get(KEY_PREFIX + sha256Hash),
    register(sha256Hash, text) {
      texts.set(KEY_PREFIX + sha256Hash, text)
    },
  }
}
