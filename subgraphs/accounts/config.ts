// The variables that accounts reads beside those of every process (contracts/platform.ts).
import { z } from 'zod'

export const configSchema = z.object({
  TRIBUTARY_ADMIN_API_KEY: z
    .string()
    .min(8, 'expected at least 8 characters')
    .optional()
    .describe('API key with the role ADMIN. Unset: one is created and printed once at the first start.'),
})
