// Which fetches are shared, and who ends them.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createIdentitySigner, IDENTITY_HEADER } from '../../contracts/identity.ts'
import type { CreateRequestContextOptions } from '../request-context.ts'
import { createSubgraphClient, type WatchedSubgraphClient } from './subgraph-client.ts'
import { contextOf, MUTATION, QUERY, startDouble, type SubgraphDouble } from './subgraph-double.fixture.ts'

let double: SubgraphDouble
let client: WatchedSubgraphClient
const signer = createIdentitySigner({ key: 'k'.repeat(32) })
const open = (...forward: string[]) =>
  createSubgraphClient({
    urlOf: () => double.url,
    signer,
    settings: { headerRules: { request: [{ forward: ['accept-language'] }], response: [{ forward }] } },
  })
beforeEach(async () => {
  double = await startDouble()
  client = open('x-cost')
})
afterEach(async () => {
  await double.close()
  await client.close()
})

const identityOf = (subject: string) => ({ workspaceId: 'ws_1', subject, roles: [], scopes: [] })
const ask = (options: Partial<CreateRequestContextOptions> = {}, operation = QUERY, variables = '{}') => {
  const asked = client.request('a', { operation, variables }, contextOf(options))
  asked.catch(() => undefined)
  return asked
}
const DATA = { data: { list: [{ name: 'x' }] } }

test('equal queries are sent once, and each caller has a response of their own', async () => {
  const [first, second] = [ask({ requestId: 'r1' }), ask({ requestId: 'r2' })]
  ;(await double.next()).answer(DATA)
  const [one, two] = [await first, await second]
  expect(one).toEqual(DATA)
  ;(one.data!['list'] as unknown[]).push('changed')
  expect(two).toEqual(DATA)
  expect(double.count).toBe(1)

  const later = ask()
  ;(await double.next()).answer(DATA)
  await later
  expect(double.count).toBe(2)
})

test.each([
  ['mutations', {}, {}, MUTATION],
  ['callers', { identity: identityOf('x') }, { identity: identityOf('y') }, QUERY],
  ['a caller and nobody', { identity: identityOf('x') }, {}, QUERY],
  ['forwarded headers', { headers: { 'accept-language': 'de' } }, { headers: { 'accept-language': 'fr' } }, QUERY],
])('different %s are not shared', async (_, first, second, operation) => {
  const both = [ask(first, operation), ask(second, operation)]
  const received = [await double.next(), await double.next()]
  for (const { answer } of received) answer(DATA)
  await Promise.all(both)
  const identities = received.map(({ headers }) => headers[IDENTITY_HEADER])
  const wanted = new Set([first, second].map((options) => 'identity' in options))
  expect(new Set(identities.map((token) => token !== undefined))).toEqual(wanted)
})

test('different variables are not shared', async () => {
  const both = [ask({}, QUERY, '{"a":1}'), ask({}, QUERY, '{"a":2}')]
  for (const { answer, body } of [await double.next(), await double.next()]) answer({ data: body.variables })
  expect(await Promise.all(both)).toEqual([{ data: { a: 1 } }, { data: { a: 2 } }])
})

test('headers that are not forwarded do not matter; those of the answer come to each caller', async () => {
  const collected: string[] = []
  const clientHeaders = {
    put: (name: string, value: unknown) => collected.push(`${name}: ${String(value)}`),
    entries: () => [],
  }
  const both = [
    ask({ headers: { 'user-agent': 'a' }, clientHeaders }),
    ask({ headers: { 'user-agent': 'b' }, clientHeaders }),
  ]
  ;(await double.next()).answer(DATA, { headers: { 'x-cost': '3' } })
  await Promise.all(both)
  expect(collected).toEqual(['x-cost: 3', 'x-cost: 3'])
})

test('a cookie that a subgraph may give is for one caller alone', async () => {
  await client.close()
  client = open('set-cookie')
  const both = [ask(), ask()]
  for (const { answer } of [await double.next(), await double.next()]) answer(DATA)
  await Promise.all(both)
  expect(double.count).toBe(2)
})

test('one who leaves does not end it for the others; the last who leaves does', async () => {
  const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()]
  const asked = [first, second].map(({ signal }) => ask({ signal }))
  const { answer } = await double.next()
  first.abort()
  await expect(asked[0]).rejects.toMatchObject({ code: 'CANCELLED' })
  answer(DATA)
  expect(await asked[1]).toEqual(DATA)

  const others = [second, third].map(({ signal }) => ask({ signal }))
  const { gone } = await double.next()
  second.abort()
  third.abort()
  await gone
  await Promise.all(others.map((other) => expect(other).rejects.toMatchObject({ code: 'CANCELLED' })))
})

test('what everybody has left is not joined', async () => {
  const controller = new AbortController()
  const left = ask({ signal: controller.signal })
  await double.next()
  controller.abort()
  const fresh = ask()
  ;(await double.next()).answer(DATA)
  expect(await fresh).toEqual(DATA)
  await expect(left).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('one whose time is over leaves; who has more time does not depend on who has less', async () => {
  const patient = ask({ timeoutMs: 120_000 })
  const hasty = ask({ timeoutMs: 50 })
  const { answer } = await double.next()
  await expect(hasty).rejects.toMatchObject({ code: 'UPSTREAM_TIMED_OUT' })
  answer(DATA)
  expect(await patient).toEqual(DATA)
  expect(double.count).toBe(1)

  const short = ask({ timeoutMs: 50 })
  await double.next()
  const long = ask({ timeoutMs: 120_000 })
  ;(await double.next()).answer(DATA)
  expect(await long).toEqual(DATA)
  await expect(short).rejects.toMatchObject({ code: 'UPSTREAM_TIMED_OUT' })
})

test('a failure comes to all who wait', async () => {
  const both = [ask(), ask()]
  ;(await double.next()).answer('broken', { status: 500 })
  for (const one of both) await expect(one).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  expect(double.count).toBe(1)
})
