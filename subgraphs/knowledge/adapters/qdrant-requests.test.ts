// How requests to Qdrant end, against a server that answers as told. Bodies of refusals are those of Qdrant.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { noSignal } from '../ports/vector-store.fixture.ts'
import { createQdrantRequests, statusOf, type QdrantRequests, type QdrantRequestsOptions } from './qdrant-requests.ts'

let answer: { status: number; error?: string } | null
const received: IncomingMessage[] = []
const server = createServer((request, response) => {
  received.push(request)
  if (answer === null) return
  response.writeHead(answer.status, { 'content-type': 'application/json' })
  response.end(
    JSON.stringify(
      answer.status === 200 ? { result: { collections: [] }, status: 'ok' } : { status: { error: answer.error } },
    ),
  )
})
let origin: string
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  answer = { status: 200 }
  received.length = 0
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const open = (options: Partial<QdrantRequestsOptions> = {}) => createQdrantRequests({ url: origin, ...options })
const list = (requests: QdrantRequests, signal = noSignal) =>
  requests.read(signal, (api, init) => api.getCollections({}, init))

test('the path of the address and the key go with every request', async () => {
  expect(await list(open({ url: `${origin}/stores/qdrant/`, apiKey: 'secret' }))).toEqual({ collections: [] })
  expect(received[0]!.url).toBe('/stores/qdrant/collections')
  expect(received[0]!.headers['api-key']).toBe('secret')
  await list(open())
  expect(received[1]!.url).toBe('/collections')
  expect(received[1]!.headers).not.toHaveProperty('api-key')
})

test.each([
  [401, 'Must provide an API key or an Authorization bearer token', 'CONFIGURATION_INVALID', false],
  [403, 'Forbidden: Global manage access is required', 'UPSTREAM_UNAVAILABLE', true],
  [429, 'Too many requests', 'CAPACITY_EXCEEDED', true],
  [
    500,
    'Service internal error: No space left on device: WAL buffer size exceeds available disk space',
    'CAPACITY_EXCEEDED',
    true,
  ],
  [500, 'Service internal error: channel closed', 'UPSTREAM_UNAVAILABLE', true],
  [503, 'Service unavailable', 'UPSTREAM_UNAVAILABLE', true],
  [404, "Not found: Collection `x` doesn't exist!", 'INTERNAL_SERVER_ERROR', false],
  [400, 'Format error in JSON body', 'INTERNAL_SERVER_ERROR', false],
])('status %i, "%s", is %s', async (status, error, code, isRetryable) => {
  answer = { status, error }
  const failure = await list(open()).catch((thrown: unknown) => thrown)
  expect(failure).toMatchObject({ code, isRetryable })
  expect(statusOf(failure)).toBe(status)
  // Words of the server may hold what is not for everybody.
  expect((failure as Error).message).not.toContain(error)
})

test('a request without an answer ends with its time limit, its caller, or the store', async () => {
  answer = null
  await expect(list(open({ timeouts: { readMs: 20 } }))).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  const [controller, reason] = [new AbortController(), new Error('The caller left.')]
  const left = list(open(), controller.signal)
  await expect.poll(() => received.length).toBe(2)
  const hungUp = new Promise((resolve) => received[1]!.socket.once('close', resolve))
  controller.abort(reason)
  await expect(left).rejects.toBe(reason)
  await hungUp
  const requests = open()
  const open_ = list(requests)
  await expect.poll(() => received.length).toBe(3)
  requests.close()
  await expect(open_).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  await expect(list(requests)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  expect(received).toHaveLength(3)
})
