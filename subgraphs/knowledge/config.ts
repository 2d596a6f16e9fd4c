// The variables that knowledge reads beside those of every process (contracts/platform.ts).
import { z } from 'zod'

export const configSchema = z.object({
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
  TRIBUTARY_INDEX_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(16)
    .default(2)
    .describe('Documents that one knowledge worker chunks, embeds and indexes at the same time.'),
})
