// How long a fetch lasts, how large its answer may be, how many there are at a time, and that leaving reaches the socket.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createSubgraphClient, type WatchedSubgraphClient } from './subgraph-client.ts'
import type { SubgraphSettings } from './settings.ts'
import { contextOf, MUTATION, QUERY, startDouble, type SubgraphDouble } from './subgraph-double.fixture.ts'

let double: SubgraphDouble
const clients: WatchedSubgraphClient[] = []
beforeEach(async () => {
  double = await startDouble()
})
afterEach(async () => {
  await double.close()
  await Promise.all(clients.splice(0).map((client) => client.close()))
})

function open(settings: Partial<SubgraphSettings> = {}) {
  const client = createSubgraphClient({ urlOf: () => double.url, signer: null, settings })
  clients.push(client)
  return client
}

const timeoutOf = (ms: number) => ({ default: ms, of: new Map<string, number>() })

describe('time', () => {
  test('a subgraph that does not answer in its own time is left, and the error names the variable', async () => {
    const client = open({ timeoutMs: { default: 60_000, of: new Map([['slow', 50]]) } })
    const fetched = client.request('slow', { operation: QUERY, variables: '{}' }, contextOf())
    const received = await double.next()
    await expect(fetched).rejects.toMatchObject({
      code: 'UPSTREAM_TIMED_OUT',
      message: expect.stringContaining('within 50 ms (TRIBUTARY_GATEWAY_SUBGRAPH_TIMEOUT_MS)'),
    })
    await received.gone
  })

  test('an answer that dribbles is no longer waited for than a silent one', async () => {
    const fetched = open({ timeoutMs: timeoutOf(150) }).request('a', { operation: QUERY, variables: '{}' }, contextOf())
    fetched.catch(() => undefined)
    const { response, gone } = await double.next()
    response.writeHead(200)
    const dribble = setInterval(() => response.write(' '), 10)
    await expect(fetched).rejects.toMatchObject({ code: 'UPSTREAM_TIMED_OUT' })
    await gone
    clearInterval(dribble)
  })

  test('what is left of the time for the request is passed on, and kept to', async () => {
    const fetched = open().request('a', { operation: QUERY, variables: '{}' }, contextOf({ timeoutMs: 100 }))
    const { headers } = await double.next()
    const remaining = Number(headers['x-request-timeout-ms'])
    expect(remaining).toBeGreaterThan(0)
    expect(remaining).toBeLessThanOrEqual(100)
    await expect(fetched).rejects.toMatchObject({
      code: 'UPSTREAM_TIMED_OUT',
      message: expect.stringContaining('TRIBUTARY_GATEWAY_REQUEST_TIMEOUT_MS'),
    })
  })

  test('a caller may ask for less time, not for more', () => {
    const leftOf = (asked: string) =>
      contextOf({ timeoutMs: 1000, headers: { 'x-request-timeout-ms': asked } }).deadline - performance.now()
    expect(leftOf('30')).toBeLessThanOrEqual(30)
    expect(leftOf('5000')).toBeLessThanOrEqual(1000)
    expect(leftOf('5000')).toBeGreaterThan(500)
    expect(leftOf('-1')).toBeGreaterThan(500)
  })

  test('nothing is sent when the time is over already, though a connection is open', async () => {
    const client = open({ concurrency: 1 })
    const first = client.request('a', { operation: QUERY, variables: '{}' }, contextOf())
    ;(await double.next()).answer({ data: {} })
    await first
    await expect(
      client.request('a', { operation: QUERY, variables: '{}' }, contextOf({ timeoutMs: 0 })),
    ).rejects.toMatchObject({ code: 'UPSTREAM_TIMED_OUT' })
    const last = client.request('a', { operation: QUERY, variables: '{"last":true}' }, contextOf())
    const { body, answer } = await double.next()
    expect(body.variables).toEqual({ last: true })
    answer({ data: {} })
    await last
  })
})

describe('leaving', () => {
  test.each([QUERY, MUTATION])('a client that leaves ends the socket of a $kind', async (operation) => {
    const controller = new AbortController()
    const fetched = open().request('a', { operation, variables: '{}' }, contextOf({ signal: controller.signal }))
    const { gone } = await double.next()
    controller.abort()
    await expect(fetched).rejects.toMatchObject({ code: 'CANCELLED' })
    await gone
  })

  test('nothing is sent for a client that has left before', async () => {
    await expect(
      open().request('a', { operation: QUERY, variables: '{}' }, contextOf({ signal: AbortSignal.abort() })),
    ).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(double.count).toBe(0)
  })
})

describe('size', () => {
  test.each([
    ['with a length', true],
    ['in pieces', false],
  ])('an answer %s over the limit is not read on', async (_, hasLength) => {
    const client = open({ responseLimitBytes: 1000 })
    const fetched = client.request('a', { operation: QUERY, variables: '{}' }, contextOf())
    const { response, gone } = await double.next()
    response.writeHead(200, hasLength ? { 'content-length': '1001' } : {})
    response.write('x'.repeat(hasLength ? 10 : 1001))
    await expect(fetched).rejects.toMatchObject({
      code: 'CAPACITY_EXCEEDED',
      isRetryable: false,
      message: expect.stringContaining('TRIBUTARY_GATEWAY_RESPONSE_LIMIT_MB'),
    })
    await gone
  })

  test('an answer of just that size is read', async () => {
    const text = JSON.stringify({ data: { name: 'é'.repeat(100) } })
    const client = open({ responseLimitBytes: Buffer.byteLength(text) })
    const fetched = client.request('a', { operation: QUERY, variables: '{}' }, contextOf())
    const { response } = await double.next()
    // Split inside a character.
    const bytes = Buffer.from(text)
    response.write(bytes.subarray(0, 20), () => response.end(bytes.subarray(20)))
    expect(await fetched).toEqual({ data: { name: 'é'.repeat(100) } })
  })
})

describe('turns', () => {
  test('so many at a time, the next waits, the one after is refused', async () => {
    const client = open({ concurrency: 1, queueLimit: 1 })
    const ask = (n: number, signal = new AbortController().signal) =>
      client.request('a', { operation: QUERY, variables: `{"n":${n}}` }, contextOf({ signal }))
    const first = ask(1)
    const running = await double.next()
    const second = ask(2)
    await expect.poll(() => client.states()).toEqual([{ subgraph: 'a', circuit: 'closed', running: 1, waiting: 1 }])
    await expect(ask(3)).rejects.toMatchObject({
      code: 'CAPACITY_EXCEEDED',
      message: expect.stringContaining('TRIBUTARY_GATEWAY_SUBGRAPH_QUEUE'),
    })
    running.answer({ data: { n: 1 } })
    expect(await first).toEqual({ data: { n: 1 } })
    ;(await double.next()).answer({ data: { n: 2 } })
    expect(await second).toEqual({ data: { n: 2 } })
  })

  test('who leaves while waiting gives up their place, and is never sent', async () => {
    const client = open({ concurrency: 1, queueLimit: 1 })
    const ask = (n: number, signal = new AbortController().signal) =>
      client.request('a', { operation: MUTATION, variables: `{"n":${n}}` }, contextOf({ signal }))
    const first = ask(1)
    const running = await double.next()
    const controller = new AbortController()
    const left = ask(2, controller.signal)
    controller.abort()
    await expect(left).rejects.toMatchObject({ code: 'CANCELLED' })
    const third = ask(3)
    running.answer({ data: {} })
    await first
    const next = await double.next()
    expect(next.body.variables).toEqual({ n: 3 })
    next.answer({ data: {} })
    await third
  })
})

test('a subgraph that moves is asked where it is now', async () => {
  let url = double.url
  const client = createSubgraphClient({ urlOf: () => url, signer: null })
  clients.push(client)
  const elsewhere = await startDouble(({ answer }) => answer({ data: { at: 'elsewhere' } }))
  const before = client.request('a', { operation: QUERY, variables: '{}' }, contextOf())
  const received = await double.next()
  url = elsewhere.url
  expect(await client.request('a', { operation: MUTATION, variables: '{}' }, contextOf())).toEqual({
    data: { at: 'elsewhere' },
  })
  received.answer({ data: { at: 'here' } })
  expect(await before).toEqual({ data: { at: 'here' } })
  await elsewhere.close()
})
