// The gateway over two small real subgraphs: a federated subscription with a field of the other subgraph, shield on subscriptions and on
// `_entities`, credentials, and what happens when a subgraph or a client fails.
import compositionLibrary from '@apollo/composition'
import { createClient, type Client } from 'graphql-ws'
import { parse } from 'graphql'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { TributaryError } from '#shared/errors.ts'
import { shield } from '#shared/graphql/shield.ts'
import { startSubgraphServer, type RunningSubgraph } from '#shared/graphql/subgraph-server.ts'
import { createLogger } from '#shared/logger.ts'
import type { GraphContext } from '../contracts/graph-context.ts'
import { createIdentitySigner, IDENTITY_HEADER, type Identity, type Role } from '../contracts/identity.ts'
import { canEdit, canRead, denyAll, federationRules } from '../contracts/permission-rules.ts'
import { createAuthenticator } from './auth/authenticate.ts'
import { startGatewayServer, type RunningGateway } from './server.ts'
import { loadSupergraph } from './supergraph/load-supergraph.ts'

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])'
const TOKENS = `${LINK}
  type Query { ping: String! slow: String }
  type Subscription { tokens(count: Int!): Event! secretTokens: Event! refused(id: ID!): Event! }
  interface Event { sequence: Int! }
  type Token implements Event { sequence: Int! text: String! engine: Engine }
  type Ended implements Event { sequence: Int! }
  type Engine @key(fields: "id", resolvable: false) { id: ID! }`
const ENGINES = `${LINK}
  type Query { engines: [Engine!]! }
  type Engine @key(fields: "id") { id: ID! name: String! secret: String }`

let directory: string
let tokens: RunningSubgraph
let engines: RunningSubgraph
let gateway: RunningGateway
const signer = createIdentitySigner({ key: 'k'.repeat(32) })
const logger = createLogger({ name: 'test', level: 'silent' })
const keys = new Map<string, Role[]>()
const engineBatches: number[] = []
const startedStreams: string[] = []
const endedStreams = new EventTarget()
const seenHeaders: string[] = []

beforeAll(async () => {
  const common = { host: '127.0.0.1', port: 0, logger, identityHeader: IDENTITY_HEADER }
  const createContext = async ({
    identityToken,
    signal,
    requestId,
  }: {
    identityToken: string | undefined
    signal: AbortSignal
    requestId: string
  }): Promise<GraphContext> => ({
    identity: await signer.verify(identityToken),
    signal,
    requestId,
  })
  tokens = await startSubgraphServer<GraphContext>({
    ...common,
    name: 'tokens',
    typeDefinitions: TOKENS,
    createContext,
    permissions: shield(
      {
        Query: { ...federationRules, ping: canRead, slow: canRead },
        Subscription: { tokens: canRead, secretTokens: canEdit, refused: canRead },
        Token: canRead,
        Ended: canRead,
        Engine: canRead,
        _Service: canRead,
      },
      { fallbackRule: denyAll, allowExternalErrors: true },
    ),
    resolvers: {
      Query: {
        ping: (_p: unknown, _a: unknown, context: GraphContext) => context.requestId,
        slow: (_p: unknown, _a: unknown, { signal }: GraphContext) => once(signal, 'abort').then(() => 'aborted'),
      },
      Subscription: {
        tokens: {
          async *subscribe(_p: unknown, { count }: { count: number }, { signal }: GraphContext) {
            startedStreams.push('tokens')
            try {
              if (count > 100) throw new TributaryError('BAD_USER_INPUT', 'count is at most 100.', { path: ['count'] })
              for (let sequence = 1; sequence <= count; sequence++) {
                yield {
                  tokens: {
                    __typename: 'Token',
                    sequence,
                    text: `t${sequence}`,
                    engine: { __typename: 'Engine', id: sequence === 3 ? 'broken' : 'e1' },
                  },
                }
              }
              if (count === 0) await once(signal, 'abort')
              yield { tokens: { __typename: 'Ended', sequence: count + 1 } }
            } finally {
              endedStreams.dispatchEvent(new Event('ended'))
            }
          },
        },
        refused: {
          subscribe() {
            throw new TributaryError('NOT_FOUND', 'There is no such thing.', { path: ['id'] })
          },
        },
        secretTokens: {
          async *subscribe() {
            startedStreams.push('secretTokens')
            yield { secretTokens: { __typename: 'Ended', sequence: 1 } }
          },
        },
      },
    },
  })
  engines = await startSubgraphServer<GraphContext>({
    ...common,
    name: 'engines',
    typeDefinitions: ENGINES,
    createContext: async (request) => {
      engineBatches.push(0)
      return createContext(request)
    },
    permissions: shield(
      {
        Query: { ...federationRules, engines: canRead },
        Engine: { id: canRead, name: canRead, secret: canEdit },
        _Service: canRead,
      },
      { fallbackRule: denyAll, allowExternalErrors: true },
    ),
    resolvers: {
      Query: { engines: () => [{ id: 'e1', name: 'Engine one', secret: 's' }] },
      Engine: {
        async __resolveReference({ id }: { id: string }) {
          engineBatches.push((engineBatches.pop() ?? 0) + 1)
          if (id === 'broken') throw new TributaryError('UPSTREAM_UNAVAILABLE', 'The engine room is closed.')
          return { id, name: 'Engine one', secret: 's' }
        },
      },
    },
    addRoutes(app) {
      app.addHook('onRequest', async (request) => {
        seenHeaders.push(String(request.headers[IDENTITY_HEADER] ?? ''))
      })
    },
  })

  const composed = compositionLibrary.composeServices([
    { name: 'tokens', url: tokens.url, typeDefs: parse(TOKENS) },
    { name: 'engines', url: engines.url, typeDefs: parse(ENGINES) },
  ])
  if (!composed.supergraphSdl) throw new Error(String(composed.errors))
  directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-gateway-'))
  const file = path.join(directory, 'supergraph.graphql')
  await writeFile(file, composed.supergraphSdl)
  const supergraph = await loadSupergraph(file)
  gateway = await startGatewayServer({
    host: '127.0.0.1',
    port: 0,
    corsOrigins: [],
    supergraph,
    urlOf: (name) => supergraph.routingUrls.get(name)!,
    uploadOrigin: null,
    signer,
    authenticator: createAuthenticator({
      accounts: {
        async authenticate(secret): Promise<Identity | null> {
          const roles = keys.get(secret)
          return roles ? { workspaceId: 'ws_1', subject: secret, roles, scopes: [] } : null
        },
      },
    }),
    logger,
  })
  keys.set('viewer', ['VIEWER'])
  keys.set('editor', ['EDITOR'])
})

afterAll(async () => {
  await gateway.close()
  await tokens.close()
  await engines.close()
  await rm(directory, { recursive: true, force: true })
})

function connect(secret: string | null): Client {
  return createClient({
    url: gateway.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: secret === null ? {} : { Authorization: `Bearer ${secret}` },
  })
}

async function collect(client: Client, query: string, variables: Record<string, unknown> = {}) {
  const results: any[] = []
  for await (const result of client.iterate({ query, variables })) results.push(result)
  await client.dispose()
  return results
}

const post = async (query: string, headers: Record<string, string> = {}, signal?: AbortSignal) => {
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
    ...(signal ? { signal } : {}),
  })
  return { status: response.status, body: await response.json() }
}

const STREAM =
  'subscription ($count: Int!) { tokens(count: $count) { kind: __typename sequence ... on Token { words: text engine { name } } } }'

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
  startedStreams.length = 0
  const [refused] = await collect(connect('viewer'), 'subscription { secretTokens { sequence } }')
  expect(refused.errors[0].extensions.code).toBe('FORBIDDEN')
  expect(startedStreams).toEqual([])
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

test('a revoked key ends its open streams within a second, with a code', async () => {
  keys.set('leaving', ['VIEWER'])
  startedStreams.length = 0
  const client = connect('leaving')
  const events = client.iterate({ query: STREAM, variables: { count: 0 } })
  const next = events.next()
  await expect.poll(() => startedStreams.length).toBe(1)
  const ended = once(endedStreams, 'ended')
  keys.delete('leaving')
  const revokedAt = performance.now()
  const { value } = await next
  expect(performance.now() - revokedAt).toBeLessThan(1500)
  expect(value?.errors?.[0]?.extensions?.['code']).toBe('UNAUTHENTICATED')
  await ended
  await client.dispose()
})

test('a client that leaves stops the work in the subgraph: streams and requests', async () => {
  const client = connect('viewer')
  startedStreams.length = 0
  const events = client.iterate({ query: STREAM, variables: { count: 0 } })
  void events.next()
  await expect.poll(() => startedStreams.length).toBe(1)
  const ended = once(endedStreams, 'ended')
  await events.return?.()
  await ended
  await client.dispose()

  const controller = new AbortController()
  const request = post('{ slow }', { authorization: 'Bearer viewer' }, controller.signal)
  setImmediate(() => controller.abort())
  await expect(request).rejects.toThrow(/abort/i)
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

test('the pages for people, health, readiness and metrics answer', async () => {
  const get = async (url: string, accept = '*/*') => (await fetch(gateway.origin + url, { headers: { accept } })).text()
  expect(await get('/')).toContain('Operations to start from')
  expect(await get('/graphiql')).toContain('YogaGraphiQL')
  expect(await get('/graphql', 'text/html')).toContain('sandbox')
  expect(JSON.parse(await get('/health'))).toEqual({ status: 'live' })
  expect(JSON.parse(await get('/ready'))).toEqual({ status: 'ready' })
  expect(await get('/metrics')).toContain('tributary_gateway_operation_duration_seconds')
})
