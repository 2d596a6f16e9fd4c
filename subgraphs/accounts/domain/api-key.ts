// What an API key is: a secret of 192 random bits behind a readable prefix. Being random and long it needs no slow hash; SHA-256 suffices
// (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html speaks of passwords that people choose).
import { createHash, randomBytes } from 'node:crypto'

const SECRET_PREFIX = 'trb_'
const SHOWN_CHARACTERS = 10

export function createSecret(): string {
  return SECRET_PREFIX + randomBytes(24).toString('base64url')
}

export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Enough to recognise a key, far from enough to use it. */
export function shownPrefix(secret: string): string {
  return secret.slice(0, Math.min(SHOWN_CHARACTERS, Math.floor(secret.length / 3)))
}

/** PostgreSQL stores no NUL, and UTF-8 no half of a surrogate pair. */
export const isStorable = (name: string): boolean => !name.includes('\0') && name.isWellFormed()

export type ApiKeyState = 'active' | 'revoked' | 'expired'

export function stateOf(key: { revokedAt: Date | null; expiresAt: Date | null }, now: Date): ApiKeyState {
  if (key.revokedAt) return 'revoked'
  return key.expiresAt && key.expiresAt <= now ? 'expired' : 'active'
}
