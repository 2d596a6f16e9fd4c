// Who is asking: the API key of a request or socket, looked up in accounts. Answers are kept for a quarter of a second, so that a
// revocation takes effect well within one, on open streams too (subscriptions/websocket.ts looks as often).
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { TributaryError } from '#shared/errors.ts'
import type { AccountsClient } from '../../contracts/accounts-client.ts'
import type { Identity } from '../../contracts/identity.ts'

/** What the pages for people put where the key goes. Sent as it is, it is no credential yet, so that a schema can be read before it is filled in. */
export const AUTHORIZATION_TEMPLATE = 'Bearer <API key>'

export interface Authenticator {
  /** The caller of `Authorization: Bearer …`; null when no credentials were sent. Throws UNAUTHENTICATED for bad ones. */
  authenticate(authorization: string | undefined, signal: AbortSignal): Promise<Identity | null>
}

/** For a gateway that asks nobody who they are. */
export const anyone: Authenticator = { authenticate: async () => null }

const FRESH_MS = 250
const MAX_ENTRIES = 10_000

export function createAuthenticator(options: { accounts: AccountsClient }): Authenticator {
  const answers = new LRUCache<string, Promise<Identity | null>>({ max: MAX_ENTRIES, ttl: FRESH_MS })

  return {
    async authenticate(authorization, signal) {
      if (authorization === undefined || authorization === '' || authorization === AUTHORIZATION_TEMPLATE) return null
      const secret = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
      if (!secret)
        throw new TributaryError(
          'UNAUTHENTICATED',
          `The Authorization header is not understood. Send: Authorization: ${AUTHORIZATION_TEMPLATE}`,
        )
      const key = createHash('sha256').update(secret).digest('base64url')
      let answer = answers.get(key)
      if (!answer) {
        // Shared by everyone who waits, so no single caller's signal may end it.
        answer = options.accounts.authenticate(secret, AbortSignal.timeout(5000))
        answers.set(key, answer)
        answer.catch(() => answers.delete(key))
      }
      const identity = await answer
      signal.throwIfAborted()
      if (!identity)
        throw new TributaryError(
          'UNAUTHENTICATED',
          'This API key is unknown, expired or revoked. Create one with: npx tributary keys create',
        )
      return identity
    },
  }
}
