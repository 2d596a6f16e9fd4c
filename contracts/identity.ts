// The identity the gateway hands to subgraphs: signed, short-lived, and the only thing a subgraph believes about its caller.
//
// Two audiences, so that one can never stand in for the other: `subgraph` carries a caller inside a workspace; `internal` says which
// process of the platform is calling, and opens internal routes only.
import { jwtVerify, SignJWT } from 'jose'
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { TributaryError } from '#shared/errors.ts'

export const roleSchema = z.enum(['ADMIN', 'EDITOR', 'VIEWER', 'SERVICE'])
export type Role = z.infer<typeof roleSchema>

export const identitySchema = z.object({
  /** Every key and every query of every store carries it. */
  workspaceId: z.string().min(1),
  /** Who acts: `key_…` for an API key, `service:<name>` for work done by the platform itself. */
  subject: z.string().min(1),
  roles: z.array(roleSchema),
  scopes: z.array(z.string()),
})
export type Identity = z.infer<typeof identitySchema>

export const IDENTITY_HEADER = 'tributary-identity'

export interface IdentitySigner {
  /** A token for one caller, valid for a minute; the same token is returned for half of that. */
  sign(identity: Identity): Promise<string>
  /** The caller of a request. Throws UNAUTHENTICATED when the token is missing, forged or out of date. */
  verify(token: string | undefined): Promise<Identity>
  /** A token for calls between processes of the platform that no caller stands behind. */
  signInternal(processName: string): Promise<string>
  verifyInternal(token: string | undefined): Promise<string>
}

const ALGORITHM = 'HS256'
const LIFETIME_SECONDS = 60
const REUSE_MS = 30_000
const REUSE_MAX_ENTRIES = 10_000

/** `key`: the shared secret of all processes, TRIBUTARY_IDENTITY_KEY; at least 32 characters. */
export function createIdentitySigner(options: { key: string }): IdentitySigner {
  // HS256 wants at least 256 bits; hashing spreads whatever the operator typed over exactly that (RFC 7518, 3.2).
  const secret = createHash('sha256').update(options.key).digest()
  const reusable = new Map<string, { token: string; until: number }>()

  const issue = (audience: string, claims: Record<string, unknown>) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM })
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${LIFETIME_SECONDS}s`)
      .sign(secret)

  async function issueReusable(audience: string, claims: Record<string, unknown>): Promise<string> {
    const cacheKey = JSON.stringify([audience, claims])
    const cached = reusable.get(cacheKey)
    if (cached && cached.until > Date.now()) return cached.token
    const token = await issue(audience, claims)
    if (reusable.size >= REUSE_MAX_ENTRIES) reusable.clear()
    reusable.set(cacheKey, { token, until: Date.now() + REUSE_MS })
    return token
  }

  async function read(token: string | undefined, audience: string) {
    if (!token) throw unsigned()
    try {
      const { payload } = await jwtVerify(token, secret, { algorithms: [ALGORITHM], audience, clockTolerance: 5 })
      return payload
    } catch (cause) {
      throw unsigned(cause)
    }
  }

  return {
    sign: (identity) => issueReusable('subgraph', { identity }),
    async verify(token) {
      const parsed = identitySchema.safeParse((await read(token, 'subgraph'))['identity'])
      if (!parsed.success) throw unsigned(parsed.error)
      return parsed.data
    },
    signInternal: (processName) => issueReusable('internal', { process: processName }),
    async verifyInternal(token) {
      return String((await read(token, 'internal'))['process'])
    },
  }
}

/** The identity under which background work for a workspace is done. */
export function serviceIdentity(workspaceId: string, name: string): Identity {
  return { workspaceId, subject: `service:${name}`, roles: ['SERVICE'], scopes: [] }
}

const unsigned = (cause?: unknown) =>
  new TributaryError(
    'UNAUTHENTICATED',
    'This address answers the gateway only. Send the request to the gateway, with an API key.',
    { cause },
  )
