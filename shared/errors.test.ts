// The catalogue and docs/errors.md say the same, in both directions.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ERROR_CATALOGUE, isCancellation, TributaryError } from './errors.ts'

const documented = new Map(
  [
    ...readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8').matchAll(
      /^\| `([A-Z_]+)` +\| (\d+) +\| (yes|no) +\|/gm,
    ),
  ].map(([, code, status, retry]) => [code!, { httpStatus: Number(status), isRetryable: retry === 'yes' }]),
)

test('every code is documented as it is, and no other', () => {
  expect(Object.fromEntries(documented)).toEqual(ERROR_CATALOGUE)
})

test('an error takes retryability from the catalogue unless it says otherwise', () => {
  expect(new TributaryError('UPSTREAM_UNAVAILABLE', 'x').isRetryable).toBe(true)
  expect(new TributaryError('UPSTREAM_UNAVAILABLE', 'x', { isRetryable: false }).isRetryable).toBe(false)
})

test('an abort is a cancellation, another failure is not', () => {
  const controller = new AbortController()
  controller.abort()
  expect(isCancellation(controller.signal.reason)).toBe(true)
  expect(isCancellation(new TributaryError('CANCELLED', 'x'))).toBe(true)
  expect(isCancellation(new Error('x'))).toBe(false)
})
