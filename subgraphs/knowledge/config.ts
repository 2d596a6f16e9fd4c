// The variables that knowledge reads beside those of every process (contracts/platform.ts).
import { z } from 'zod'
import { secret, secretAddress } from '#shared/masking.ts'

/** Without a path where the library of the store would drop it. */
const storeUrl = ({ keyVariable, hasPath }: { keyVariable: string; hasPath: boolean }) =>
  secretAddress(
    z
      .url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL', abort: true })
      // `fetch` refuses such an address, and its error says the password.
      .refine(
        (url) => new URL(url).username + new URL(url).password === '',
        `expected no user or password in it; a key goes into ${keyVariable}`,
      )
      .refine(
        (url) => hasPath || new URL(url).pathname === '/',
        'expected no path in it; give the store a host or a port of its own',
      ),
  ).optional()

/** Read by the process that searches and by the one that writes, which must mean the same store. */
const vectorStoreVariables = {
  TRIBUTARY_VECTOR_STORE: z
    .enum(['lancedb', 'qdrant', 'weaviate', 'chroma'])
    .optional()
    .describe(
      'Where chunks are found again: `lancedb` (files in the data directory), `qdrant`, `weaviate` or `chroma`. Unset: the one whose URL is set, or else `lancedb`.',
    ),
  QDRANT_URL: storeUrl({ keyVariable: 'QDRANT_API_KEY', hasPath: true }).describe(
    'Where Qdrant answers over REST; without a port it is 6333.',
  ),
  QDRANT_API_KEY: secret(z.string()).optional().describe('Key of Qdrant that may read, write and make collections.'),
  TRIBUTARY_QDRANT_QUANTIZATION: z
    .enum(['none', 'scalar', 'binary'])
    .default('none')
    .describe(
      'What Qdrant keeps of vectors in memory: all of it, a byte per dimension, or a bit per dimension (only from 1,024 dimensions on). Changed at the next write.',
    ),
  TRIBUTARY_QDRANT_COLLECTION_PREFIX: z
    .string()
    .regex(/^[\w-]{1,100}$/, 'expected 1 to 100 letters, digits, _ and -')
    .default('tributary')
    .describe('What names of collections in Qdrant begin with, where several platforms share one.'),
  WEAVIATE_URL: storeUrl({ keyVariable: 'WEAVIATE_API_KEY', hasPath: true }).describe(
    'Where Weaviate answers over REST.',
  ),
  WEAVIATE_GRPC_URL: storeUrl({ keyVariable: 'WEAVIATE_API_KEY', hasPath: false }).describe(
    'Where Weaviate answers over gRPC. Unset: the host of WEAVIATE_URL, port 50051.',
  ),
  WEAVIATE_API_KEY: secret(z.string()).optional().describe('Key of Weaviate.'),
  TRIBUTARY_WEAVIATE_REPLICAS: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe(
      'Nodes of a Weaviate cluster that hold each chunk, where a collection is made. With more than one, writes and reads wait for a majority of them.',
    ),
  CHROMA_URL: storeUrl({ keyVariable: 'CHROMA_TOKEN', hasPath: false }).describe('Where Chroma answers.'),
  CHROMA_TOKEN: secret(z.string()).optional().describe('Token of Chroma.'),
  CHROMA_TENANT: z
    .string()
    .min(3, 'expected 3 or more characters')
    .default('default_tenant')
    .describe('Tenant of Chroma, where a server is shared. It has to be there.'),
  CHROMA_DATABASE: z
    .string()
    .regex(
      /^[A-Za-z0-9][\w.-]{1,510}[A-Za-z0-9]$/,
      'expected 3 to 512 letters, digits, dots, _ and -, the first and the last a letter or digit',
    )
    .default('default_database')
    .describe('Database of that tenant. It has to be there.'),
}

export const vectorStoreSchema = z.object(vectorStoreVariables)

export const configSchema = z.object({
  ...vectorStoreVariables,
  TRIBUTARY_ANSWER_GRACE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(3_600_000)
    .default(10_000)
    .describe(
      'How long an answer goes on without a watcher before it is cancelled, in milliseconds; not when isDetached is true.',
    ),
  TRIBUTARY_ANSWER_PATIENCE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(600_000)
    .default(15_000)
    .describe(
      'How long an answer waits for models that do not answer just now (restarting, too busy) before it fails as retryable, in milliseconds.',
    ),
})

export const workerConfigSchema = z.object({
  ...vectorStoreVariables,
  TRIBUTARY_INDEX_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(16)
    .default(2)
    .describe('Documents that one knowledge worker chunks, embeds and indexes at the same time.'),
})
