import { expect, test } from 'vitest'
import { createSecret, hashSecret, shownPrefix, stateOf } from './api-key.ts'

test('a secret is long, fresh and recognisable', () => {
  const secrets = new Set(Array.from({ length: 100 }, createSecret))
  expect(secrets.size).toBe(100)
  for (const secret of secrets) expect(secret).toMatch(/^trb_[\w-]{32}$/)
})

test('the shown prefix never gives more than a third of a secret away', () => {
  expect(shownPrefix('trb_abcdefghijklmnopqrstuvwxyz')).toBe('trb_abcdef')
  expect(shownPrefix('short-key')).toBe('sho')
})

test('the hash is of the whole secret', () => {
  expect(hashSecret('a')).not.toBe(hashSecret('b'))
})

test('a key is active until it is revoked or its time has come', () => {
  const now = new Date('2026-01-01T00:00:00Z')
  expect(stateOf({ revokedAt: null, expiresAt: null }, now)).toBe('active')
  expect(stateOf({ revokedAt: null, expiresAt: new Date('2026-01-01T00:00:01Z') }, now)).toBe('active')
  expect(stateOf({ revokedAt: null, expiresAt: now }, now)).toBe('expired')
  expect(stateOf({ revokedAt: now, expiresAt: now }, now)).toBe('revoked')
})
