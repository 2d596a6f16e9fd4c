// The gateway as a process of its own over somebody else's subgraphs: servers that know nothing of the platform.
import compositionLibrary from '@apollo/composition'
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { parse } from 'graphql'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { isReadyEvent, parseEvent, startChild } from '../test/harness/child.ts'
import { freePorts } from '../test/services/service.ts'

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@authenticated"])'
const BOOKS = `${LINK} type Query { books: [Book!]! slow: String } type Book @key(fields: "isbn") { isbn: ID! title: String shelf: String @authenticated }`
const PRICES = `${LINK} type Book @key(fields: "isbn") { isbn: ID! price: Float }`

const events = new EventTarget()
const books = await startSubgraph(BOOKS, {
  Query: {
    books: () => [{ isbn: '1', title: 'One' }],
    async slow() {
      events.dispatchEvent(new Event('asked'))
      await once(events, 'answer')
      return 'at last'
    },
  },
})
const prices = await startSubgraph(PRICES, {
  Book: { __resolveReference: ({ isbn }: { isbn: string }) => ({ isbn, price: 9.5 }) },
})

const directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-any-'))
afterAll(async () => {
  await books.close()
  await prices.close()
  await rm(directory, { recursive: true })
})
const file = path.join(directory, 'supergraph.graphql')
// A URL that leads nowhere: it is given by flag, or by variable.
const composed = compositionLibrary.composeServices([
  { name: 'books', url: books.url, typeDefs: parse(BOOKS) },
  { name: 'price-list', url: 'http://127.0.0.1:1/', typeDefs: parse(PRICES) },
])
await writeFile(file, composed.supergraphSdl!)

async function startSubgraph(typeDefinitions: string, resolvers: object) {
  const server = new ApolloServer({
    schema: buildSubgraphSchema({ typeDefs: parse(typeDefinitions), resolvers: resolvers as never }),
  })
  const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } })
  return { url, close: () => server.stop() }
}

function startGatewayProcess(flags: readonly string[], environment: Record<string, string> = {}) {
  return startChild({
    name: 'gateway',
    command: process.execPath,
    arguments: [path.join(import.meta.dirname, 'main.ts'), '--supergraph', file, ...flags],
    environment: { PATH: process.env['PATH'], ...environment },
    isReady: isReadyEvent,
  })
}

const post = async (url: string, query: string) =>
  (
    await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    })
  ).json()

test.each([
  ['a flag', ['--subgraph-url', `price-list=${prices.url}`], {}],
  ['a variable', [], { TRIBUTARY_SUBGRAPH_PRICE_LIST_URL: prices.url }],
])('it serves the graph on the port it was given, a subgraph where %s says', async (_what, flags, environment) => {
  const [port] = await freePorts(1)
  const gateway = await startGatewayProcess(['--port', String(port), '--no-authentication', ...flags], environment)
  expect(parseEvent(gateway.readyLine)?.['url']).toBe(`http://127.0.0.1:${port}/graphql`)
  expect(await (await fetch(`http://127.0.0.1:${port}/health`)).json()).toMatchObject({ status: 'live' })
  expect((await fetch(`http://127.0.0.1:${port}/ready`)).status).toBe(200)
  expect(await post(`http://127.0.0.1:${port}/graphql`, '{ books { title price } }')).toEqual({
    data: { books: [{ title: 'One', price: 9.5 }] },
  })
  expect(await gateway.stop('SIGTERM')).toEqual({ code: 0, signal: null })
})

test('what its graph restricts nobody reads who is not known', async () => {
  const gateway = await startGatewayProcess(['--port', '0', '--no-authentication'])
  const url = String(parseEvent(gateway.readyLine)!['url'])
  expect(await post(url, '{ books { title shelf } }')).toEqual({
    data: { books: [{ title: 'One', shelf: null }] },
    errors: [
      {
        message: 'Reading Book.shelf here requires authentication.',
        locations: [{ line: 1, column: 17 }],
        path: ['books', 0, 'shelf'],
        extensions: { code: 'UNAUTHENTICATED', isRetryable: false },
      },
    ],
  })
  await gateway.stop('SIGTERM')
})

test('at SIGTERM it accepts nothing new, and answers what it was asked before', async () => {
  const gateway = await startGatewayProcess(['--port', '0', '--no-authentication'])
  const url = String(parseEvent(gateway.readyLine)!['url'])
  const asked = once(events, 'asked')
  const answer = post(url, '{ slow }')
  await asked
  const stopped = gateway.stop('SIGTERM')
  await expect
    .poll(
      () =>
        fetch(new URL('/health', url)).then(
          () => 'open',
          () => 'closed',
        ),
      { timeout: 15_000 },
    )
    .toBe('closed')
  expect(gateway.hasExited).toBe(false)
  events.dispatchEvent(new Event('answer'))
  expect(await answer).toEqual({ data: { slow: 'at last' } })
  expect(await stopped).toEqual({ code: 0, signal: null })
})

test.each([
  [['--port', 'many'], /--port.*0 to 65535/],
  [['--subgraph-url', 'books'], /name=http/],
  [['--host', '0.0.0.0', '--no-authentication'], /0\.0\.0\.0.*127\.0\.0\.1/],
  [[], /TRIBUTARY_IDENTITY_KEY is not set/],
  [
    ['--supergraph', path.join(directory, 'none.graphql'), '--no-authentication'],
    /none\.graphql cannot be read: ENOENT/,
  ],
  [['--supergraph', 'uplink', '--no-authentication'], /APOLLO_KEY and APOLLO_GRAPH_REF/],
])('%j is refused in one sentence', (flags, message) => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [path.join(import.meta.dirname, 'main.ts'), '--supergraph', file, ...flags],
    { env: { PATH: process.env['PATH'] }, encoding: 'utf8', timeout: 60_000 },
  )
  expect(status).toBe(1)
  expect(stderr).toMatch(message)
  expect(stderr).not.toMatch(/\n +at /)
})
