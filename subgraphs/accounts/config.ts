// The variables that accounts reads beside those of every process (contracts/platform.ts).
import { z } from 'zod'
import { secret } from '#shared/masking.ts'
import { SECRET_MAX_CHARACTERS } from '../../contracts/accounts-client.ts'

export const configSchema = z.object({
  TRIBUTARY_ADMIN_API_KEY: secret(
    z
      .string()
      .min(8, 'expected at least 8 characters')
      .max(SECRET_MAX_CHARACTERS, `expected at most ${SECRET_MAX_CHARACTERS} characters`),
  )
    .optional()
    .describe('API key with the role ADMIN. Unset: one is created and printed once at the first start.'),
})
