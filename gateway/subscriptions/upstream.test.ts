// Which headers of a client reach the socket upstream that its subscription is on, and who shares one.
import compositionLibrary from '@apollo/composition'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { parse } from 'graphql'
import { createClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createLogger } from '#shared/logger.ts'
import { IDENTITY_HEADER } from '../../contracts/identity.ts'
import { startGatewayServer, type RunningGateway } from '../server.ts'
import { createFileSource } from '../supergraph/file-source.ts'

const SDL = parse('type Query { now: Int } type Subscription { ticks: Int }')
let sockets: WebSocketServer
let gateway: RunningGateway
let directory: string
/** Of each operation that came in: what its socket was opened with, and what it brought itself. */
const opened: { headers: IncomingHttpHeaders; parameters: Record<string, unknown>; own: unknown; socket: WebSocket }[] =
  []

beforeAll(async () => {
  sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/graphql' })
  await once(sockets, 'listening')
  useServer(
    {
      schema: buildSubgraphSchema({
        typeDefs: SDL,
        resolvers: {
          Subscription: {
            ticks: {
              async *subscribe() {
                yield { ticks: 1 }
              },
            },
          },
        },
      }),
      onSubscribe({ connectionParams, extra }, _id, { extensions }) {
        const { request, socket } = extra
        opened.push({
          headers: request.headers,
          parameters: { ...connectionParams },
          own: extensions?.['headers'],
          socket,
        })
      },
    },
    sockets,
  )
  const url = `http://127.0.0.1:${(sockets.address() as AddressInfo).port}/graphql`
  const composed = compositionLibrary.composeServices([{ name: 'clock', url, typeDefs: SDL }])
  directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-gateway-'))
  const file = path.join(directory, 'supergraph.graphql')
  await writeFile(file, composed.supergraphSdl!)
  const logger = createLogger({ name: 'test', level: 'silent' })
  gateway = await startGatewayServer({
    host: '127.0.0.1',
    port: 0,
    corsOrigins: [],
    supergraphSource: createFileSource({ file, logger }),
    subgraphUrl: () => undefined,
    asksSubgraphsIfReady: false,
    exampleOperations: [],
    uploadOrigin: null,
    authentication: null,
    subgraphSettings: {
      headerRules: {
        request: [
          { forward: ['accept-language', 'authorization'], forwardMatching: /^x-|tributary/i },
          { rename: { 'x-tenant': 'x-customer' }, set: { 'x-served-by': 'gateway' }, strip: ['x-secret'] },
          { forward: ['cookie'], subgraphs: ['another'] },
        ],
        response: [],
      },
    },
    logger,
  })
})
afterAll(async () => {
  await gateway.close()
  sockets.close()
  await rm(directory, { recursive: true, force: true })
})

async function subscribeWith(headers: Record<string, string>) {
  class WithHeaders extends WebSocket {
    constructor(url: string, protocols: string) {
      super(url, protocols, { headers })
    }
  }
  const client = createClient({ url: gateway.url.replace('http', 'ws'), webSocketImpl: WithHeaders, retryAttempts: 0 })
  const results: unknown[] = []
  for await (const result of client.iterate({ query: 'subscription { ticks }' })) results.push(result)
  await client.dispose()
  expect(results).toEqual([{ data: { ticks: 1 } }])
  return opened.at(-1)!
}

test('what rules pass is in the request that opens the socket, and in its connection_init', async () => {
  const { headers, parameters, own } = await subscribeWith({
    'accept-language': 'de',
    authorization: 'Bearer of-the-client',
    'x-tenant': 't1',
    'x-secret': 's',
    cookie: 'c=1',
    'user-agent': 'client',
  })
  const passed = {
    'accept-language': 'de',
    authorization: 'Bearer of-the-client',
    'x-customer': 't1',
    'x-served-by': 'gateway',
  }
  expect(headers).toMatchObject(passed)
  expect(parameters).toEqual(passed)
  expect(own).toEqual({ 'x-request-id': expect.any(String) })
  for (const name of ['x-tenant', 'x-secret', 'cookie', 'user-agent']) expect(headers).not.toHaveProperty(name)
})

test('no rule lets an identity, a request id or headers of the hop through', async () => {
  const { headers, parameters, own } = await subscribeWith({
    [IDENTITY_HEADER]: 'forged',
    'x-request-id': 'of-the-client',
    'x-request-timeout-ms': '1',
    'sec-websocket-extensions': 'x-forged',
  })
  for (const from of [headers, parameters, own as Record<string, unknown>]) {
    expect(from).not.toHaveProperty(IDENTITY_HEADER)
    expect(from).not.toHaveProperty('x-request-timeout-ms')
    expect(from['x-request-id']).not.toBe('of-the-client')
  }
  expect(headers['sec-websocket-extensions'] ?? '').not.toContain('x-forged')
})

test('clients whose headers differ upstream have sockets of their own, the others share one', async () => {
  const [german, french, alsoGerman] = await Promise.all(
    ['de', 'fr', 'de'].map(async (language, place) =>
      subscribeWith({ 'accept-language': language, 'user-agent': `client ${place}` }),
    ),
  )
  for (const { headers } of [german!, french!, alsoGerman!]) expect(headers['user-agent']).toBeUndefined()
  const socketsOf = (language: string) =>
    new Set(opened.filter(({ headers }) => headers['accept-language'] === language).map(({ socket }) => socket))
  expect(socketsOf('fr').size).toBe(1)
  expect(socketsOf('fr')).not.toEqual(socketsOf('de'))
  const before = opened.length
  await Promise.all([subscribeWith({ 'accept-language': 'it' }), subscribeWith({ 'accept-language': 'it' })])
  const italian = opened.slice(before)
  expect(italian).toHaveLength(2)
  expect(new Set(italian.map(({ socket }) => socket)).size).toBe(1)
  expect(new Set(italian.map(({ own }) => (own as Record<string, string>)['x-request-id'])).size).toBe(2)
})
