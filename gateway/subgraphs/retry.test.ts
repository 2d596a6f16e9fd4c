// What is sent again, when, and what never is.
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createSubgraphClient } from './subgraph-client.ts'
import { withRetries } from './retry.ts'
import type { SubgraphSettings } from './settings.ts'
import { retryAfterMsOf } from './subgraph-failure.ts'
import { contextOf, MUTATION, QUERY, startDouble, type SubgraphDouble } from './subgraph-double.fixture.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

function open(url: string, settings: Partial<SubgraphSettings> = {}) {
  const client = createSubgraphClient({ urlOf: () => url, signer: null, settings })
  closing.push(() => client.close())
  return client
}

async function double(answer?: Parameters<typeof startDouble>[0]): Promise<SubgraphDouble> {
  const started = await startDouble(answer)
  closing.push(() => started.close())
  return started
}

/** Answers the first request of each connection, and resets the connection at the second. */
async function startForgetful() {
  let requests = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let answered = 0
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      if (!data.toString().startsWith('POST')) return
      requests++
      if (answered++ > 0) return void socket.resetAndDestroy()
      const body = '{"data":{"ok":true}}'
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\nkeep-alive: timeout=60\r\n\r\n${body}`)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    get requests() {
      return requests
    },
  }
}

test('a query goes again over a new connection when the one it was sent on had been closed', async () => {
  const server = await startForgetful()
  const client = open(server.url, { concurrency: 1 })
  const ask = () => client.request('a', { operation: QUERY, variables: '{}' }, contextOf())
  expect(await ask()).toEqual({ data: { ok: true } })
  expect(await ask()).toEqual({ data: { ok: true } })
  expect(server.requests).toBe(3)
})

test('a mutation never goes again', async () => {
  const server = await startForgetful()
  const client = open(server.url, { concurrency: 1 })
  const ask = () => client.request('a', { operation: MUTATION, variables: '{}' }, contextOf())
  await ask()
  await expect(ask()).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  expect(server.requests).toBe(2)

  const busy = await double(({ answer }) => answer('busy', { status: 503, headers: { 'retry-after': '0' } }))
  await expect(
    open(busy.url).request('a', { operation: MUTATION, variables: '{}' }, contextOf()),
  ).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  expect(busy.count).toBe(1)
})

test('a query is not sent again when a connection breaks inside an answer', async () => {
  const subgraph = await double()
  const fetched = open(subgraph.url).request('a', { operation: QUERY, variables: '{}' }, contextOf())
  fetched.catch(() => undefined)
  const { response } = await subgraph.next()
  response.writeHead(200)
  response.write('{"data":', () => response.destroy())
  await expect(fetched).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  expect(subgraph.count).toBe(1)
})

test.each([502, 503, 504])('a query comes back after %d, no sooner than retry-after says', async (status) => {
  const subgraph = await double()
  const fetched = open(subgraph.url).request('a', { operation: QUERY, variables: '{}' }, contextOf())
  const first = await subgraph.next()
  const answeredAt = performance.now()
  first.answer('come back', { status, headers: { 'retry-after': '1' } })
  const second = await subgraph.next()
  expect(performance.now() - answeredAt).toBeGreaterThan(990)
  second.answer({ data: { ok: true } })
  expect(await fetched).toEqual({ data: { ok: true } })
})

test('it does not wait for a retry that would come too late', async () => {
  const subgraph = await double(({ answer }) => answer('later', { status: 503, headers: { 'retry-after': '60' } }))
  const startedAt = performance.now()
  await expect(
    open(subgraph.url).request('a', { operation: QUERY, variables: '{}' }, contextOf({ timeoutMs: 5000 })),
  ).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  expect(performance.now() - startedAt).toBeLessThan(4000)
  expect(subgraph.count).toBe(1)
})

test('tries are counted, and the last failure is what is told', async () => {
  const subgraph = await double(({ answer }) => answer('no', { status: 503 }))
  await expect(
    open(subgraph.url, { queryRetries: 3 }).request('a', { operation: QUERY, variables: '{}' }, contextOf()),
  ).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', message: expect.stringContaining('503') })
  expect(subgraph.count).toBe(4)
})

test('a temporary status with GraphQL errors is tried again, and then they are the answer', async () => {
  const body = { errors: [{ message: 'Full.', extensions: { code: 'CAPACITY_EXCEEDED' } }] }
  const subgraph = await double(({ answer }) => answer(body, { status: 503 }))
  const client = open(subgraph.url, { queryRetries: 1 })
  expect(await client.request('a', { operation: QUERY, variables: '{}' }, contextOf())).toEqual(body)
  expect(subgraph.count).toBe(2)
})

test('other statuses are not tried again', async () => {
  const subgraph = await double(({ answer }) => answer('no', { status: 500 }))
  await expect(
    open(subgraph.url).request('a', { operation: QUERY, variables: '{}' }, contextOf()),
  ).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  expect(subgraph.count).toBe(1)
})

test('who leaves between two tries ends them', async () => {
  const subgraph = await double()
  const controller = new AbortController()
  const client = open(subgraph.url)
  const fetched = client.request('a', { operation: QUERY, variables: '{}' }, contextOf({ signal: controller.signal }))
  ;(await subgraph.next()).answer('later', { status: 503, headers: { 'retry-after': '30' } })
  await expect.poll(() => client.states()[0]?.running).toBe(0)
  controller.abort()
  await expect(fetched).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(subgraph.count).toBe(1)
})

test('nothing waits on when the signal ends it', async () => {
  const controller = new AbortController()
  const tried = withRetries(async () => ({ status: 503, headers: { 'retry-after': '30' }, text: '', sizeBytes: 0 }), {
    retries: 1,
    endsAt: Infinity,
    signal: controller.signal,
    canAsk: () => {
      queueMicrotask(() => controller.abort('reason'))
      return true
    },
  })
  await expect(tried).rejects.toBe('reason')
})

test('retry-after is seconds or a date', () => {
  expect(retryAfterMsOf('3')).toBe(3000)
  expect(retryAfterMsOf(new Date(Date.now() + 60_000).toUTCString())).toBeGreaterThan(50_000)
  expect(retryAfterMsOf(new Date(0).toUTCString())).toBe(0)
  expect(retryAfterMsOf('soon')).toBeUndefined()
  expect(retryAfterMsOf(undefined)).toBeUndefined()
})
