// Plans, permissions and errors through the gateway: a federated subscription with a field of the other subgraph, shield on subscriptions and
// on `_entities`, and what happens when a subgraph fails.
import { afterAll, expect, test } from 'vitest'
import { IDENTITY_HEADER } from '../contracts/identity.ts'
import { collect, startTwoSubgraphs, STREAM } from './two-subgraphs.fixture.ts'

const { signer, started, seenHeaders, connect, post, close } = await startTwoSubgraphs()
afterAll(close)

test('a subscription carries a field of another subgraph, in order, shaped as the client asked', async () => {
  const results = await collect(connect('viewer'), STREAM, { count: 2 })
  expect(results).toEqual([
    { data: { tokens: { kind: 'Token', sequence: 1, words: 't1', engine: { name: 'Engine one' } } } },
    { data: { tokens: { kind: 'Token', sequence: 2, words: 't2', engine: { name: 'Engine one' } } } },
    { data: { tokens: { kind: 'Ended', sequence: 3 } } },
  ])
})

test('a failed enrichment nulls its own field, in its own event only, with code and path', async () => {
  const results = await collect(connect('viewer'), STREAM, { count: 4 })
  expect(results.map(({ errors }) => errors?.length ?? 0)).toEqual([0, 0, 1, 0, 0])
  expect(results[2].data.tokens).toEqual({ kind: 'Token', sequence: 3, words: 't3', engine: null })
  expect(results[2].errors[0]).toMatchObject({
    message: 'The engine room is closed.',
    path: ['tokens', 'engine'],
    extensions: { code: 'UPSTREAM_UNAVAILABLE' },
  })
})

test('conditions and fragments in a subscription are honoured', async () => {
  const query =
    'subscription ($with: Boolean!) { tokens(count: 1) { ...F } } fragment F on Token { text engine @include(if: $with) { name } }'
  expect((await collect(connect('viewer'), query, { with: false }))[0].data.tokens).toEqual({ text: 't1' })
  expect((await collect(connect('viewer'), query, { with: true }))[0].data.tokens).toEqual({
    text: 't1',
    engine: { name: 'Engine one' },
  })
})

test('a role that may not subscribe is refused before anything starts', async () => {
  started.length = 0
  const [refused] = await collect(connect('viewer'), 'subscription { secretTokens { sequence } }')
  expect(refused.errors[0].extensions.code).toBe('FORBIDDEN')
  expect(started).toEqual([])
  const [allowed] = await collect(connect('editor'), 'subscription { secretTokens { sequence } }')
  expect(allowed.data.secretTokens.sequence).toBe(1)
})

test('bad input of a subscription is an error with code and the path of the argument', async () => {
  const [result] = await collect(connect('viewer'), STREAM, { count: 101 })
  expect(result.errors[0]).toMatchObject({
    message: 'count is at most 100.',
    extensions: { code: 'BAD_USER_INPUT', argumentPath: ['count'] },
  })
})

test('a subscription refused at its start is an error of that operation; the socket lives on', async () => {
  const client = connect('viewer')
  const results = []
  for await (const result of client.iterate({ query: 'subscription { refused(id: "x") { sequence } }' }))
    results.push(result)
  expect(results[0]?.errors?.[0]).toMatchObject({
    message: 'There is no such thing.',
    extensions: { code: 'NOT_FOUND', argumentPath: ['id'] },
  })
  expect(await collect(client, '{ engines { id } }')).toEqual([{ data: { engines: [{ id: 'e1' }] } }])
})

test('a field that the role may not read is refused through entity resolution too', async () => {
  const { body } = await post('{ engines { name secret } }', { authorization: 'Bearer viewer' })
  expect(body.data.engines[0]).toEqual({ name: 'Engine one', secret: null })
  expect(body.errors[0].extensions.code).toBe('FORBIDDEN')
  const [event] = await collect(
    connect('viewer'),
    'subscription { tokens(count: 1) { ... on Token { engine { secret } } } }',
  )
  expect(event.data.tokens.engine).toEqual({ secret: null })
  expect(event.errors[0]).toMatchObject({ path: ['tokens', 'engine', 'secret'], extensions: { code: 'FORBIDDEN' } })
})

test('queries run over WebSocket as well', async () => {
  const [result] = await collect(connect('viewer'), '{ engines { id } }')
  expect(result).toEqual({ data: { engines: [{ id: 'e1' }] } })
})

test('without credentials only introspection is answered; wrong ones are refused', async () => {
  expect((await post('{ __schema { queryType { name } } }')).body.data.__schema.queryType.name).toBe('Query')
  for (const [query, headers] of [
    ['{ ping }', {}],
    ['{ __typename ping }', {}],
    ['query { ...F } fragment F on Query { ping }', {}],
    ['{ ping }', { authorization: 'Bearer wrong' }],
    ['{ __schema { queryType { name } } }', { authorization: 'Basic dXNlcg==' }],
  ] as const) {
    const { status, body } = await post(query, headers)
    expect([status, body.errors[0].extensions.code]).toEqual([401, 'UNAUTHENTICATED'])
  }
  await expect(collect(connect('wrong'), STREAM, { count: 1 })).rejects.toMatchObject({ code: 4403 })
  await expect(collect(connect(null), STREAM, { count: 1 })).rejects.toMatchObject([
    { extensions: { code: 'UNAUTHENTICATED' } },
  ])
})

test('an identity sent by the client is never passed on', async () => {
  seenHeaders.length = 0
  const forged = await signer.sign({ workspaceId: 'ws_1', subject: 'x', roles: ['ADMIN'], scopes: [] })
  await post('{ engines { id } }', { authorization: 'Bearer viewer', [IDENTITY_HEADER]: forged })
  expect(seenHeaders).toHaveLength(1)
  expect(seenHeaders[0]).not.toBe(forged)
})

test('an invalid or malformed operation gets the specified code', async () => {
  const auth = { authorization: 'Bearer viewer' }
  expect((await post('{ nothing }', auth)).body.errors[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
  expect((await post('{ ', auth)).body.errors[0].extensions.code).toBe('GRAPHQL_PARSE_FAILED')
  await expect(collect(connect('viewer'), 'subscription { nothing }')).rejects.toMatchObject([
    { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
  ])
  await expect(collect(connect('viewer'), STREAM, { count: 'x' })).rejects.toMatchObject([
    { extensions: { code: 'BAD_USER_INPUT' } },
  ])
})

test('an alias may be called as what every object inherits', async () => {
  for (const alias of ['__proto__', 'constructor', 'prototype', 'toString']) {
    const { body } = await post(`{ ${alias}: engines { ${alias}: name } }`, { authorization: 'Bearer viewer' })
    expect(body.errors).toBeUndefined()
    // Compared as text: an object's own `__proto__` cannot be written down.
    expect(JSON.stringify(body)).toBe(`{"data":{"${alias}":[{"${alias}":"Engine one"}]}}`)
  }
})
