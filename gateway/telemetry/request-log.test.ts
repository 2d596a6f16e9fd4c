// The line that each operation leaves in the log of a real gateway.
import { afterAll, beforeEach, expect, test } from 'vitest'
import { GRAPHQL_RESPONSE_TYPE } from '../http/media-type.ts'
import { collect, startTwoSubgraphs, STREAM } from '../two-subgraphs.fixture.ts'
import { createRequestLog, type RequestLine } from './request-log.ts'
import { createRequestLines } from './testing/request-lines.ts'

const { logger, text, clear, theLine } = createRequestLines()
const { post, connect, url, untilStarted, started, nextEnd, close } = await startTwoSubgraphs({ logger })
afterAll(close)
beforeEach(clear)

const VIEWER = { authorization: 'Bearer viewer' }

test('an operation over HTTP leaves one line, with who asked what and how it ended', async () => {
  await post('query Engines { engines { id } ping }', {
    ...VIEWER,
    'x-request-id': 'r-1',
    'apollographql-client-name': 'web',
    'apollographql-client-version': '1.2',
  })
  expect(await theLine()).toMatchObject({
    level: 30,
    requestId: 'r-1',
    transport: 'http',
    operationName: 'Engines',
    operationType: 'query',
    status: 200,
    errorCodes: [],
    fetchCount: 2,
    clientName: 'web',
    clientVersion: '1.2',
    durationMs: expect.any(Number),
  })
})

test.each([
  ['{ ', { ...VIEWER, accept: GRAPHQL_RESPONSE_TYPE }, 400, 'GRAPHQL_PARSE_FAILED', null],
  ['query Wrong { nothing }', { ...VIEWER, accept: GRAPHQL_RESPONSE_TYPE }, 400, 'GRAPHQL_VALIDATION_FAILED', null],
  ['query Wrong { nothing }', VIEWER, 200, 'GRAPHQL_VALIDATION_FAILED', null],
  ['query Ping { ping }', { authorization: 'Bearer wrong' }, 401, 'UNAUTHENTICATED', null],
  ['query Ping { ping }', {}, 401, 'UNAUTHENTICATED', 'Ping'],
  ['query Hidden { engines { secret } }', VIEWER, 200, 'FORBIDDEN', 'Hidden'],
])('%s with %o leaves its status and its code', async (query, headers, status, code, operationName) => {
  await post(query, headers)
  expect(await theLine()).toMatchObject({ status, errorCodes: [code], operationName })
})

test('a client that leaves is told as such', async () => {
  started.length = 0
  const leaving = new AbortController()
  const end = nextEnd()
  const answer = post('query Slow { slow }', VIEWER, leaving.signal).catch(() => null)
  await untilStarted(1)
  leaving.abort()
  expect(await answer).toBeNull()
  await end
  const line = await theLine()
  expect(line).toMatchObject({ operationName: 'Slow', status: null })
  expect(line.errorCodes[0]).toBe('CANCELLED')
})

test('operations over WebSocket leave a line too: queries, subscriptions, refused ones', async () => {
  await collect(connect('viewer'), 'query Engines { engines { id } }')
  expect(await theLine()).toMatchObject({
    transport: 'websocket',
    operationName: 'Engines',
    fetchCount: 1,
    status: null,
  })
  clear()
  await collect(connect('viewer'), STREAM, { count: 3 })
  expect(await theLine()).toMatchObject({ operationType: 'subscription', errorCodes: ['UPSTREAM_UNAVAILABLE'] })
  clear()
  await collect(connect('viewer'), '{ nothing }').catch(() => undefined)
  expect(await theLine()).toMatchObject({ errorCodes: ['GRAPHQL_VALIDATION_FAILED'] })
  clear()
  await collect(connect(null), 'query Ping { ping }').catch(() => undefined)
  expect(await theLine()).toMatchObject({ errorCodes: ['UNAUTHENTICATED'] })
})

test('pages and preflight requests leave none; variables, documents and keys are in none', async () => {
  await fetch(url, { headers: { accept: 'text/html' } })
  await fetch(url, { method: 'OPTIONS', headers: { origin: 'http://a', 'access-control-request-method': 'POST' } })
  await fetch(url, {
    method: 'POST',
    headers: { ...VIEWER, 'content-type': 'application/json' },
    body: JSON.stringify({
      query: 'query Typed($name: String!) { __type(name: $name) { name } other: __type(name: "Inlined") { name } }',
      variables: { name: 'Confidential' },
    }),
  })
  expect(await theLine()).toMatchObject({ operationName: 'Typed', fetchCount: 0 })
  expect(text()).not.toMatch(/Confidential|Inlined|__type|Bearer/)
})

test('of operations without errors so many of a hundred are written, evenly; of those with errors all', () => {
  const written: unknown[] = []
  const log = createRequestLog({
    logger: { info: (line: unknown) => void written.push(line) } as unknown as typeof logger,
    percent: 25,
  })
  const line = { errorCodes: [] } as unknown as RequestLine
  for (let count = 0; count < 8; count += 1) log(line)
  expect(written).toHaveLength(2)
  for (let count = 0; count < 3; count += 1) log({ ...line, errorCodes: ['FORBIDDEN'] })
  expect(written).toHaveLength(5)
})
