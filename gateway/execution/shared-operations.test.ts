// Which operations of clients are executed once, what each client gets of it, and who ends it: over HTTP, with subgraphs that wait for the test.
import compositionLibrary from '@apollo/composition'
import { parse } from 'graphql'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLogger } from '#shared/logger.ts'
import { createIdentitySigner, type Identity } from '../../contracts/identity.ts'
import { startGatewayServer, type GatewayServerOptions, type RunningGateway } from '../server.ts'
import type { HeaderRules } from '../subgraphs/header-rules.ts'
import { startDouble, type SubgraphDouble } from '../subgraphs/subgraph-double.fixture.ts'
import { createFileSource } from '../supergraph/file-source.ts'

const SCHEMA = `
  type Query { thing(size: Int = 1): String other: String! }
  type Mutation { change: String }`
const IDENTITIES: Record<string, Identity> = {
  ada: { workspaceId: 'ws_1', subject: 'ada', roles: ['VIEWER'], scopes: [] },
  'ada-elsewhere': { workspaceId: 'ws_2', subject: 'ada', roles: ['VIEWER'], scopes: [] },
  'ada-as-editor': { workspaceId: 'ws_1', subject: 'ada', roles: ['EDITOR'], scopes: [] },
  'ada-with-scope': { workspaceId: 'ws_1', subject: 'ada', roles: ['VIEWER'], scopes: ['read'] },
  bob: { workspaceId: 'ws_1', subject: 'bob', roles: ['VIEWER'], scopes: [] },
}
const RULES: HeaderRules = {
  request: [{ forward: ['accept-language'], forwardMatching: /^x-app-/i, rename: { 'x-tenant': 'x-customer' } }],
  response: [{ forward: ['x-cost'] }],
}

let double: SubgraphDouble
let directory: string
let gateway: RunningGateway | undefined
/** Requests of clients that the gateway has begun with. */
let arrivals: number
beforeEach(async () => {
  double = await startDouble()
  directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-gateway-'))
  arrivals = 0
})
afterEach(async () => {
  await double.close()
  await gateway?.close()
  await rm(directory, { recursive: true, force: true })
})

async function start(options: Partial<GatewayServerOptions> = {}): Promise<void> {
  const composed = compositionLibrary.composeServices([{ name: 'things', url: double.url, typeDefs: parse(SCHEMA) }])
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
    authentication: {
      authenticator: {
        async authenticate(authorization) {
          arrivals += 1
          return IDENTITIES[authorization!] ?? null
        },
      },
      signer: createIdentitySigner({ key: 'k'.repeat(32) }),
    },
    isSharingOperations: true,
    // So that only operations are shared here.
    subgraphSettings: { isSharing: false, headerRules: RULES },
    logger,
    ...options,
  })
  // Documents are read and planned once; until then each operation is of its own.
  for (const query of Object.values(QUERIES)) {
    const asked = ask({ query })
    ;(await double.next()).answer(DATA)
    await asked
  }
  arrivals = 0
}

const QUERIES = {
  thing: 'query A($size: Int) { thing(size: $size) }',
  other: 'query B { other }',
  change: 'mutation C { change }',
}
const DATA = { data: { thing: 't', other: 'o', change: 'c' } }

interface Asked {
  query?: string
  variables?: Record<string, unknown>
  by?: keyof typeof IDENTITIES
  headers?: Record<string, string>
  signal?: AbortSignal
}

async function ask({ query = QUERIES.thing, variables = {}, by = 'ada', headers = {}, signal }: Asked = {}) {
  const response = await fetch(gateway!.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: by, ...headers },
    body: JSON.stringify({ query, variables }),
    ...(signal ? { signal } : {}),
  })
  return { text: await response.text(), status: response.status, headers: response.headers }
}

/** The second comes while the first is under way. */
async function askBoth(first: Asked, second: Asked) {
  const one = ask(first)
  const received = await double.next()
  const two = ask(second)
  for (const asked of [one, two]) asked.catch(() => undefined)
  await vi.waitFor(() => expect(arrivals).toBe(2))
  return { one, two, received }
}

/** Both wait for the one execution when this resolves: a third, which came later, has reached the subgraph. */
async function askEqual(first: Asked, second: Asked) {
  const both = await askBoth(first, second)
  const third = ask({ query: QUERIES.thing, variables: { size: 3 } })
  const received = await double.next()
  expect(received.body.variables).toEqual({ size: 3 })
  received.answer(DATA)
  await third
  return both
}

test('equal queries are executed once, and the answer goes to each; afterwards one is executed anew', async () => {
  await start()
  const before = double.count
  const { one, two, received } = await askEqual(
    { headers: { 'user-agent': 'x', 'accept-language': 'de' } },
    { headers: { 'user-agent': 'y', 'accept-language': 'de' } },
  )
  received.answer(DATA, { headers: { 'x-cost': '3' } })
  for (const { text, headers } of [await one, await two]) {
    expect(text).toBe('{"data":{"thing":"t"}}\n')
    expect(headers.get('x-cost')).toBe('3')
  }
  expect(double.count - before).toBe(2)

  const later = ask()
  ;(await double.next()).answer({ data: { thing: 'later' } })
  expect((await later).text).toBe('{"data":{"thing":"later"}}\n')
})

test('variables are compared as the schema understands them', async () => {
  await start()
  const before = double.count
  const { one, two, received } = await askEqual({ variables: { size: 2 } }, { variables: { size: 2, unknown: 1 } })
  received.answer(DATA)
  await Promise.all([one, two])
  expect(double.count - before).toBe(2)
})

const DIFFERENT: [what: string, first: Asked, second: Asked][] = [
  ['mutations', { query: QUERIES.change }, { query: QUERIES.change }],
  ['variables', { variables: { size: 1 } }, { variables: { size: 2 } }],
  ['subjects', { by: 'ada' }, { by: 'bob' }],
  ['workspaces', { by: 'ada' }, { by: 'ada-elsewhere' }],
  ['roles', { by: 'ada' }, { by: 'ada-as-editor' }],
  ['scopes', { by: 'ada' }, { by: 'ada-with-scope' }],
  ['headers by name', { headers: { 'accept-language': 'de' } }, { headers: { 'accept-language': 'fr' } }],
  ['headers by pattern', { headers: { 'X-App-Name': 'a' } }, {}],
  ['renamed headers', { headers: { 'x-tenant': 'a' } }, { headers: { 'x-tenant': 'b' } }],
  ['times that clients wait', {}, { headers: { 'x-request-timeout-ms': '60000' } }],
]
test.each(DIFFERENT)('different %s are executed each', async (_, first, second) => {
  await start()
  const { one, two, received } = await askBoth(first, second)
  ;(await double.next()).answer(DATA)
  received.answer(DATA)
  expect([(await one).status, (await two).status]).toEqual([200, 200])
})

test.each<[string, Partial<GatewayServerOptions>]>([
  ['unless it is asked for', { isSharingOperations: false }],
  [
    'where a subgraph may give a client a cookie',
    {
      subgraphSettings: {
        isSharing: false,
        headerRules: { request: [], response: [{ rename: { 'x-cookie': 'set-cookie' } }] },
      },
    },
  ],
])('nothing is shared %s', async (_, options) => {
  await start(options)
  const { one, two, received } = await askBoth({}, {})
  ;(await double.next()).answer(DATA)
  received.answer(DATA)
  expect([(await one).status, (await two).status]).toEqual([200, 200])
})

test('errors come to each, in the form that is theirs', async () => {
  await start()
  const { one, two, received } = await askEqual(
    { query: QUERIES.other, headers: { 'x-request-id': 'r1' } },
    { query: QUERIES.other, headers: { 'x-request-id': 'r2' } },
  )
  received.answer({ data: null, errors: [{ message: 'No.', path: ['other'], extensions: { code: 'FORBIDDEN' } }] })
  for (const { text } of [await one, await two])
    expect(JSON.parse(text)).toEqual({
      data: null,
      errors: [{ message: 'No.', path: ['other'], extensions: { code: 'FORBIDDEN' } }],
    })
})

test('one who leaves does not end it for others, whoever came first; the last who leaves does', async () => {
  await start()
  const [first, second] = [new AbortController(), new AbortController()]
  const { one, two, received } = await askEqual({ signal: first.signal }, { signal: second.signal })
  first.abort()
  await expect(one).rejects.toThrow('aborted')
  received.answer(DATA)
  expect((await two).text).toBe('{"data":{"thing":"t"}}\n')

  arrivals = 0
  const last = new AbortController()
  const both = await askEqual({ signal: second.signal }, { signal: last.signal })
  second.abort()
  last.abort()
  await both.received.gone
  for (const asked of [both.one, both.two]) await expect(asked).rejects.toThrow('aborted')
})
