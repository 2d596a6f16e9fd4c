// The variables that models reads beside those of every process (contracts/platform.ts).
import { z } from 'zod'

export const configSchema = z.object({
  OLLAMA_HOST: z
    .string()
    .optional()
    .describe(
      'Address of an Ollama, written as for Ollama itself: `gpu-box`, `gpu-box:11434`, `https://ollama.example.org`. Unset: none is used.',
    ),
  TRIBUTARY_DEFAULT_CHAT_MODEL: z
    .string()
    .optional()
    .describe(
      'Name of the chat model that serves when nobody names one. Unset: what Ollama lists first, else the embedded one.',
    ),
  TRIBUTARY_DEFAULT_EMBEDDING_MODEL: z
    .string()
    .optional()
    .describe(
      'Name of the embedding model for new knowledge bases. Unset: what Ollama lists first, else the embedded one.',
    ),
  TRIBUTARY_MODELS_DIR: z
    .string()
    .optional()
    .describe(
      'Directory in which the files of embedded models were put by hand, as `<model>/<file>`. Looked into before anything is downloaded.',
    ),
  TRIBUTARY_MODELS_DOWNLOAD: z
    .enum(['true', 'false'])
    .default('true')
    .describe('Whether missing embedded models are downloaded at the start.'),
  TRIBUTARY_CACHE_DIR: z
    .string()
    .optional()
    .describe(
      'Where downloaded models are kept, shared by all checkouts. Unset: `tributary` in XDG_CACHE_HOME or ~/.cache.',
    ),
  XDG_CACHE_HOME: z.string().optional().describe('Where programs keep what can be fetched again, by the XDG rules.'),
  TRIBUTARY_MODEL_THREADS: z.coerce
    .number()
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe('Threads of an embedded model. Unset: one less than the cores.'),
  TRIBUTARY_GENERATION_GRACE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(3_600_000)
    .default(10_000)
    .describe('How long a generation that is not detached goes on after its last watcher left, in milliseconds.'),
})

export type ModelsConfiguration = z.output<typeof configSchema>
