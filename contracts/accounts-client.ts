// What the gateway asks of accounts: whose credential is this? (internal route POST /internal/authenticate)
import { z } from 'zod'
import { internalJson } from './internal-request.ts'
import { identitySchema, type Identity, type IdentitySigner } from './identity.ts'

export const AUTHENTICATE_PATH = '/internal/authenticate'
/** What is longer is no API key: somebody pasted the token of another system. */
export const SECRET_MAX_CHARACTERS = 1024
export const authenticateRequestSchema = z.object({ secret: z.string() })
export const authenticateResponseSchema = z.object({ identity: identitySchema.nullable() })

export interface AccountsClient {
  /** The caller behind an API key; null when it is unknown, revoked or expired, and when it is longer than any key. */
  authenticate(secret: string, signal: AbortSignal): Promise<Identity | null>
}

export function createAccountsClient(options: {
  origin: () => string
  signer: IdentitySigner
  processName: string
}): AccountsClient {
  return {
    async authenticate(secret, signal) {
      if (secret.length > SECRET_MAX_CHARACTERS) return null
      const response = await internalJson(
        {
          url: options.origin() + AUTHENTICATE_PATH,
          token: await options.signer.signInternal(options.processName),
          body: { secret } satisfies z.input<typeof authenticateRequestSchema>,
          signal,
          timeoutMs: 5000,
          target: 'accounts',
        },
        authenticateResponseSchema,
      )
      return response.identity
    },
  }
}
