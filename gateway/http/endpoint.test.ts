// The endpoint as browsers, tools and careless clients meet it.
import { once } from 'node:events'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, expect, test } from 'vitest'
import { DEFAULT_ENDPOINT_POLICY } from '../endpoint-policy.ts'
import { startTwoSubgraphs } from '../two-subgraphs.fixture.ts'

const ORIGIN = 'https://pages.example'
const { gateway, url, close } = await startTwoSubgraphs({
  corsOrigins: [ORIGIN],
  policy: {
    ...DEFAULT_ENDPOINT_POLICY,
    http: {
      ...DEFAULT_ENDPOINT_POLICY.http,
      bodyLimitBytes: 10_000,
      bodyTimeoutMs: 200,
      compressionThresholdBytes: 200,
    },
  },
})
const batching = await startTwoSubgraphs({
  policy: { ...DEFAULT_ENDPOINT_POLICY, http: { ...DEFAULT_ENDPOINT_POLICY.http, batchLimit: 2 } },
})
afterAll(async () => {
  await close()
  await batching.close()
})

const JSON_HEADERS = { 'content-type': 'application/json' }
const LONG = '{ __schema { types { name fields { name } } } }'

const post = (body: BodyInit, headers: Record<string, string> = JSON_HEADERS, to = url) =>
  fetch(to, { method: 'POST', headers, body })

test('a request that a browser sends without asking first is refused', async () => {
  for (const request of [
    fetch(`${url}?query={__typename}`),
    fetch(`${url}?query={__typename}`, { headers: { 'apollo-require-preflight': '' } }),
  ]) {
    const response = await request
    expect(response.status).toBe(400)
    expect((await response.json()).errors[0]).toMatchObject({
      message: expect.stringContaining('Cross-Site Request Forgery'),
      extensions: { code: 'BAD_REQUEST' },
    })
  }
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const response = await post('{"query":"{ __typename }"}', { 'content-type': type })
    expect([type, response.status]).toEqual([type, type === 'text/plain' ? 400 : 415])
    expect((await response.json()).errors[0].extensions.code).toBe('BAD_REQUEST')
  }
  const asked = await fetch(`${url}?query={__typename}`, { headers: { 'apollo-require-preflight': '1' } })
  expect(await asked.json()).toEqual({ data: { __typename: 'Query' } })
})

test('a mutation is not run by GET', async () => {
  const response = await fetch(`${url}?query=subscription{tokens(count:1){sequence}}`, {
    headers: { 'apollo-require-preflight': '1' },
  })
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
})

test('pages of the origins in the configuration may call, and others may not', async () => {
  const preflight = (origin: string) =>
    fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    })
  const allowed = await preflight(ORIGIN)
  expect(allowed.status).toBe(204)
  expect(allowed.headers.get('access-control-allow-origin')).toBe(ORIGIN)
  expect(allowed.headers.get('access-control-allow-headers')).toBe('authorization,content-type')
  expect(allowed.headers.get('access-control-allow-methods')).toContain('POST')
  const refused = await preflight('https://other.example')
  expect(refused.headers.get('access-control-allow-origin')).toBeNull()
  const answer = await post('{"query":"{ __typename }"}', { ...JSON_HEADERS, origin: ORIGIN })
  expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN)
  expect(answer.headers.get('vary')?.toLowerCase()).toContain('origin')
})

test('long answers are compressed for those who take it, and short ones are not', async () => {
  const plain = await post(JSON.stringify({ query: LONG }), { ...JSON_HEADERS, 'accept-encoding': 'identity' })
  expect(plain.headers.get('content-encoding')).toBeNull()
  const expected = await plain.text()
  expect(expected.length).toBeGreaterThan(1000)
  for (const [accepted, chosen] of [
    ['gzip', 'gzip'],
    ['br', 'br'],
    ['gzip, deflate, br', 'br'],
  ] as const) {
    const answer = await post(JSON.stringify({ query: LONG }), { ...JSON_HEADERS, 'accept-encoding': accepted })
    expect([accepted, answer.headers.get('content-encoding')]).toEqual([accepted, chosen])
    expect(await answer.text()).toBe(expected)
  }
  const graphqlResponse = await post(JSON.stringify({ query: LONG }), {
    ...JSON_HEADERS,
    accept: 'application/graphql-response+json',
    'accept-encoding': 'gzip',
  })
  expect(graphqlResponse.headers.get('content-encoding')).toBe('gzip')
  const short = await post('{"query":"{ __typename }"}', { ...JSON_HEADERS, 'accept-encoding': 'gzip' })
  expect(short.headers.get('content-encoding')).toBeNull()
})

test('a body that is too long is refused with the limit and its variable', async () => {
  const body = JSON.stringify({ query: `{ __typename } # ${'x'.repeat(10_000)}` })
  for (const accept of ['application/json', 'application/graphql-response+json']) {
    const response = await post(body, { ...JSON_HEADERS, accept })
    expect(response.status).toBe(413)
    expect(response.headers.get('content-type')).toBe(`${accept}; charset=utf-8`)
    const { errors } = await response.json()
    expect(errors[0].extensions).toEqual({ code: 'BODY_TOO_LARGE', isRetryable: false })
    expect(errors[0].message).toContain(`has ${body.length} bytes; TRIBUTARY_BODY_LIMIT_BYTES allows 10000`)
  }
  // Without a length told beforehand.
  const chunks = new ReadableStream({
    start(controller) {
      for (let chunk = 0; chunk < 20; chunk++) controller.enqueue(new Uint8Array(1000).fill(32))
      controller.close()
    },
  })
  const response = await fetch(url, {
    method: 'POST',
    headers: JSON_HEADERS,
    body: chunks,
    duplex: 'half',
  } as RequestInit)
  expect([response.status, (await response.json()).errors[0].extensions.code]).toEqual([413, 'BODY_TOO_LARGE'])
})

test('a body that is compressed, empty or no JSON is answered with a GraphQL error', async () => {
  for (const [body, headers, status] of [
    ['{', JSON_HEADERS, 400],
    ['', JSON_HEADERS, 400],
    ['"text"', JSON_HEADERS, 400],
    ['{"query":"{ __typename }"}', { 'content-type': 'application/xml' }, 415],
    ['{"query":"{ __typename }"}', { ...JSON_HEADERS, 'content-encoding': 'gzip' }, 415],
  ] as const) {
    const response = await post(body, headers)
    expect([body, response.status]).toEqual([body, status])
    const { errors } = await response.json()
    expect(errors).toHaveLength(1)
    expect(errors[0]).toEqual({ message: expect.any(String), extensions: { code: 'BAD_REQUEST' } })
  }
})

test('a body that does not come is not waited for', async () => {
  const socket = net.connect(Number(new URL(gateway.origin).port), '127.0.0.1')
  socket.write(
    'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"query"',
  )
  const answer = await text(socket)
  expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  expect(answer).toContain('"code":"BAD_REQUEST"')
  if (!socket.destroyed) await once(socket, 'close')
})

test('several operations in one request are refused, until a limit allows them', async () => {
  const batch = (count: number) => JSON.stringify(Array.from({ length: count }, () => ({ query: '{ __typename }' })))
  const refused = await post(batch(2))
  expect(refused.status).toBe(400)
  expect((await refused.json()).errors[0]).toEqual({
    message: expect.stringContaining('TRIBUTARY_BATCH_LIMIT is 0'),
    extensions: { code: 'BATCH_LIMIT_EXCEEDED', isRetryable: false },
  })
  const allowed = await post(batch(2), JSON_HEADERS, batching.url)
  expect(await allowed.json()).toEqual([{ data: { __typename: 'Query' } }, { data: { __typename: 'Query' } }])
  const tooMany = await post(batch(3), JSON_HEADERS, batching.url)
  expect((await tooMany.json()).errors[0].message).toContain('holds 3 operations; TRIBUTARY_BATCH_LIMIT allows 2')
})
