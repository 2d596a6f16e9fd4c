// Headers, time and masks from a client of the gateway to a subgraph and back, over HTTP and over WebSocket.
import compositionLibrary from '@apollo/composition'
import { parse } from 'graphql'
import { createClient } from 'graphql-ws'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createLogger } from '#shared/logger.ts'
import { IDENTITY_HEADER } from '../../contracts/identity.ts'
import { startGatewayServer, type RunningGateway } from '../server.ts'
import { createFileSource } from '../supergraph/file-source.ts'
import { startDouble, type Received, type SubgraphDouble } from './subgraph-double.fixture.ts'

let double: SubgraphDouble
let gateway: RunningGateway
let directory: string
let received: Received[] = []
let answer: (received: Received) => void

beforeAll(async () => {
  double = await startDouble((request) => {
    received.push(request)
    answer(request)
  })
  const composed = compositionLibrary.composeServices([
    { name: 'things', url: double.url, typeDefs: parse('type Query { thing: String other: String }') },
  ])
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
    requestTimeoutMs: 5000,
    subgraphSettings: {
      headerRules: {
        request: [{ forward: ['accept-language'], forwardMatching: /^x-app-/i }],
        response: [{ forward: ['set-cookie', 'x-cost'] }],
      },
    },
    logger,
  })
})
afterAll(async () => {
  await gateway.close()
  await double.close()
  await rm(directory, { recursive: true, force: true })
})
beforeEach(() => {
  received = []
  answer = (request) => request.answer({ data: { thing: 't', other: 'o' } })
})

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const post = (headers: Record<string, string> = {}) =>
  fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer key', ...headers },
    body: JSON.stringify({ query: '{ thing }' }),
  })

test('what rules forward arrives, with the request id and the trace; identities and credentials do not', async () => {
  const sent = { 'accept-language': 'de', 'X-App-Name': 'n', 'x-other': 'o', [IDENTITY_HEADER]: 'forged' }
  await post({ ...sent, 'x-request-id': 'mine', traceparent: TRACE, tracestate: 'a=1', 'x-request-timeout-ms': '3000' })
  expect(received).toHaveLength(1)
  const { headers } = received[0]!
  expect(headers).toMatchObject({
    'accept-language': 'de',
    'x-app-name': 'n',
    'x-request-id': 'mine',
    traceparent: TRACE,
    tracestate: 'a=1',
    accept: 'application/graphql-response+json, application/json;q=0.9',
  })
  expect(Number(headers['x-request-timeout-ms'])).toBeLessThanOrEqual(3000)
  for (const name of [IDENTITY_HEADER, 'authorization', 'x-other']) expect(headers).not.toHaveProperty(name)
})

test('headers of the subgraph reach the client, each cookie by itself', async () => {
  answer = (request) =>
    request.answer(
      { data: { thing: 't' } },
      { headers: { 'set-cookie': ['a=1', 'b=2; Path=/'], 'x-cost': '3', 'x-in': 'n' } },
    )
  const { headers } = await post()
  expect(headers.getSetCookie()).toEqual(['a=1', 'b=2; Path=/'])
  expect(headers.get('x-cost')).toBe('3')
  expect(headers.get('x-in')).toBeNull()
})

test('over WebSocket the headers are those that opened the socket', async () => {
  class WithHeaders extends WebSocket {
    constructor(url: string, protocols: string) {
      super(url, protocols, { headers: { 'accept-language': 'fr', [IDENTITY_HEADER]: 'forged', traceparent: TRACE } })
    }
  }
  const client = createClient({
    url: gateway.url.replace('http', 'ws'),
    webSocketImpl: WithHeaders,
    connectionParams: { authorization: 'Bearer key' },
  })
  const results = []
  for await (const result of client.iterate({ query: '{ thing }' })) results.push(result)
  await client.dispose()
  expect(results).toEqual([{ data: { thing: 't' } }])
  expect(received[0]!.headers).toMatchObject({ 'accept-language': 'fr', traceparent: TRACE })
  expect(received[0]!.headers).not.toHaveProperty(IDENTITY_HEADER)
})

test('words of a subgraph stay inside, code and path do not; the name of the subgraph does', async () => {
  const internal = {
    message: 'connect to 10.0.0.3',
    path: ['thing'],
    extensions: { code: 'DB_DOWN', stacktrace: ['at x'] },
  }
  answer = (request) => request.answer({ data: { thing: null }, errors: [internal] })
  const response = await post({ 'x-request-id': 'r-7' })
  expect(await response.json()).toEqual({
    data: { thing: null },
    errors: [
      {
        message: 'Something went wrong on the server. Its log has the details under request id r-7.',
        path: ['thing'],
        extensions: { code: 'DB_DOWN', requestId: 'r-7' },
      },
    ],
  })
})

test('a subgraph that breaks off leaves null, with a code and a path', async () => {
  answer = (request) => request.answer('<html>', { status: 500 })
  expect(await (await post()).json()).toMatchObject({
    data: { thing: null },
    errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE', isRetryable: true } }],
  })
})
