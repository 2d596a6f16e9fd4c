// The variables that ingestion reads beside those of every process (contracts/platform.ts).
import { z } from 'zod'

const megabytes = (fallback: number) => z.coerce.number().int().positive().default(fallback)

/** The API process. */
export const configSchema = z.object({
  TRIBUTARY_PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL' })
    .default('http://127.0.0.1:4000')
    .describe('Where clients reach the gateway; addresses for uploads begin with it. Without a path.'),
  TRIBUTARY_UPLOAD_LIMIT_MB: megabytes(100).describe(
    'Largest file that can be uploaded, in megabytes (1,000,000 bytes).',
  ),
  TRIBUTARY_UPLOAD_LIFETIME_MINUTES: z.coerce
    .number()
    .int()
    .positive()
    .default(60)
    .describe('How long the address of an upload works, in minutes.'),
})

/** The worker. */
export const workerConfigSchema = z.object({
  TRIBUTARY_EXTRACTION_TIMEOUT_SECONDS: z.coerce
    .number()
    .int()
    .positive()
    .default(120)
    .describe('Longest time to read one document, in seconds; then its process is ended and the item fails.'),
  TRIBUTARY_EXTRACTION_MEMORY_MB: megabytes(1024).describe(
    'Most memory to read one document, in mebibytes; then its process is ended and the item fails.',
  ),
  TRIBUTARY_EXTRACTION_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .default(2)
    .describe('Documents that one worker reads at the same time.'),
})
