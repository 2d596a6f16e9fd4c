import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TributaryError } from '#shared/errors.ts'
import { createCredentialWatch } from './credential-watch.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function startWatch() {
  const refused = new Map<string, TributaryError>()
  const asked: string[] = []
  const credentials = createCredentialWatch({
    async authenticate(authorization) {
      asked.push(authorization!)
      const error = refused.get(authorization!)
      if (error) throw error
      return { workspaceId: 'ws_1', subject: 's', roles: ['VIEWER'], scopes: [] }
    },
  })
  return { credentials, refused, asked }
}

const revoked = new TributaryError('UNAUTHENTICATED', 'This API key is revoked.')

test('a credential is asked for once, however many came with it; each is told once when it counts no more', async () => {
  const { credentials, refused, asked } = startWatch()
  const told: string[] = []
  for (const name of ['a1', 'a2']) credentials.watch('a', () => told.push(name))
  credentials.watch('b', () => told.push('b1'))
  await vi.advanceTimersByTimeAsync(250)
  expect(asked).toEqual(['a', 'b'])
  refused.set('a', revoked)
  await vi.advanceTimersByTimeAsync(1000)
  expect(told).toEqual(['a1', 'a2'])
  expect(asked.filter((one) => one === 'a')).toHaveLength(2)
})

test('trouble with asking ends nothing', async () => {
  const { credentials, refused } = startWatch()
  const told: string[] = []
  credentials.watch('a', () => told.push('a'))
  refused.set('a', new TributaryError('UPSTREAM_UNAVAILABLE', 'Accounts cannot be reached.'))
  await vi.advanceTimersByTimeAsync(1000)
  expect(told).toEqual([])
})

test('nobody is asked when nothing is watched', async () => {
  const { credentials, asked } = startWatch()
  const [first, second] = [credentials.watch('a', () => undefined), credentials.watch('a', () => undefined)]
  first()
  await vi.advanceTimersByTimeAsync(250)
  expect(asked).toEqual(['a'])
  second()
  expect(vi.getTimerCount()).toBe(0)
  credentials.watch('b', () => undefined)
  credentials.close()
  expect(vi.getTimerCount()).toBe(0)
})
