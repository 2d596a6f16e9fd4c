// Requests that are refused before there is an operation, by Apollo Server or by the endpoint: each leaves its line with the code that the client sees.
import { afterAll, beforeEach, expect, test } from 'vitest'
import { DEFAULT_ENDPOINT_POLICY } from '../endpoint-policy.ts'
import { startTwoSubgraphs } from '../two-subgraphs.fixture.ts'
import { createRequestLines } from './testing/request-lines.ts'

const { logger, clear, theLine } = createRequestLines()
const { url, gateway, close } = await startTwoSubgraphs({
  logger,
  policy: {
    ...DEFAULT_ENDPOINT_POLICY,
    http: { ...DEFAULT_ENDPOINT_POLICY.http, bodyLimitBytes: 10_000, batchLimit: 2 },
  },
})
afterAll(close)
beforeEach(clear)

const JSON_HEADERS = { authorization: 'Bearer viewer', 'content-type': 'application/json' }
const PREFLIGHT = { authorization: 'Bearer viewer', 'apollo-require-preflight': '1' }
const HASH = 'a'.repeat(64)
const post = (body: unknown, headers: Record<string, string> = {}) => ({
  method: 'POST',
  headers: { ...JSON_HEADERS, ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
const get = (search: string, headers: Record<string, string> = {}) => ({
  method: 'GET',
  search,
  headers: { ...PREFLIGHT, ...headers },
})
type Asked = { method: string; headers: Record<string, string>; body?: string; search?: string }

test.each<[string, Asked, number, string]>([
  ['no preflight', { method: 'GET', search: '?query={__typename}', headers: {} }, 400, 'BAD_REQUEST'],
  ['text/plain', post('{"query":"{ ping }"}', { 'content-type': 'text/plain' }), 400, 'BAD_REQUEST'],
  ['a media type nobody reads', post('<a/>', { 'content-type': 'application/xml' }), 415, 'BAD_REQUEST'],
  ['another content type by GET', get('?query={ping}', { 'content-type': 'application/xml' }), 415, 'BAD_REQUEST'],
  ['no query', post({ variables: {} }), 400, 'BAD_REQUEST'],
  ['no key', post({}), 400, 'BAD_REQUEST'],
  ['no JSON', post('{"query'), 400, 'BAD_REQUEST'],
  ['no body', post(''), 400, 'BAD_REQUEST'],
  ['a query of another kind', post({ query: 5 }), 400, 'BAD_REQUEST'],
  ['variables of another kind', post({ query: '{ ping }', variables: [] }), 400, 'BAD_REQUEST'],
  ['extensions of another kind', post({ query: '{ ping }', extensions: '{}' }), 400, 'BAD_REQUEST'],
  ['an operation name of another kind', post({ query: '{ ping }', operationName: 1 }), 400, 'BAD_REQUEST'],
  ['a parameter twice', get('?query={ping}&query={ping}'), 400, 'BAD_REQUEST'],
  ['variables by GET that are no JSON', get('?query={ping}&variables={'), 400, 'BAD_REQUEST'],
  ['a subscription by GET', get('?query=subscription{tokens(count:1){sequence}}'), 405, 'BAD_REQUEST'],
  [
    'an unknown operation name',
    post({ query: '{ ping }', operationName: 'Other' }),
    200,
    'OPERATION_RESOLUTION_FAILURE',
  ],
  ['an answer in a media type nobody writes', post({ query: '{ ping }' }, { accept: 'image/png' }), 406, 'BAD_REQUEST'],
  [
    'a hash that is not known',
    post({ extensions: { persistedQuery: { version: 1, sha256Hash: HASH } } }),
    200,
    'PERSISTED_QUERY_NOT_FOUND',
  ],
  [
    'a hash of something else',
    post({ query: '{ ping }', extensions: { persistedQuery: { version: 1, sha256Hash: HASH } } }),
    200,
    'BAD_REQUEST',
  ],
  ['a wrong credential', post({ query: '{ ping }' }, { authorization: 'Bearer wrong' }), 401, 'UNAUTHENTICATED'],
  ['a body that is too long', post({ query: `{ ping } # ${'x'.repeat(10_000)}` }), 413, 'BODY_TOO_LARGE'],
  ['a compressed body', post({ query: '{ ping }' }, { 'content-encoding': 'gzip' }), 415, 'BAD_REQUEST'],
  ['a batch of nothing', post([]), 400, 'BAD_REQUEST'],
  ['a batch that is too long', post([1, 2, 3]), 400, 'BATCH_LIMIT_EXCEEDED'],
])('%s', async (_, { search = '', ...asked }, status, code) => {
  const response = await fetch(url + search, asked)
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] }
  expect([response.status, errors.map(({ extensions }) => extensions.code)]).toEqual([status, [code]])
  expect(await theLine()).toMatchObject({ transport: 'http', status, errorCodes: [code] })
})

test('they are counted with their codes', async () => {
  const figure = async () => {
    const text = await (await fetch(`${gateway.origin}/metrics`)).text()
    return Number(/operation_errors_total\{code="BAD_REQUEST"\} (\d+)/.exec(text)?.[1] ?? 0)
  }
  const before = await figure()
  await fetch(`${url}?query={__typename}`)
  await theLine()
  expect(await figure()).toBe(before + 1)
})
