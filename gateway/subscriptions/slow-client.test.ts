// A client that stops reading: what it gets when it reads on, and that nobody else notices.
import compositionLibrary from '@apollo/composition'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { parse } from 'graphql'
import { createClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createLogger } from '#shared/logger.ts'
import { startGatewayServer, type RunningGateway } from '../server.ts'
import { createFileSource } from '../supergraph/file-source.ts'
import { DEFAULT_SUBSCRIPTIONS } from './settings.ts'

const SDL = parse(`
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective"])
    @link(url: "https://tributary.dev/specs/stream/v0.1", import: ["@delta"])
    @composeDirective(name: "@delta")
  directive @delta(positions: [String!]! = []) on FIELD_DEFINITION
  type Query { now: Int }
  type Subscription { story(after: Int): Event }
  interface Event { cursor: String! }
  type Piece implements Event { cursor: String! text: String! @delta(positions: ["cursor"]) line: Int! }
  type Told implements Event { cursor: String! pieces: Int! }`)

const PIECES = 4000
/** 12 MB in all: more than the buffers of a socket hold. */
const pieceOf = (number: number) => `${number}:${'x'.repeat(3000)};`
const STORY = Array.from({ length: PIECES }, (_, number) => pieceOf(number)).join('')

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function startStory({ waitingBytesMax }: { waitingBytesMax: number }) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/graphql' })
  await once(server, 'listening')
  const sent = { wholeStories: 0, sockets: 0 }
  server.on('connection', () => (sent.sockets += 1))
  useServer(
    {
      schema: buildSubgraphSchema({
        typeDefs: SDL,
        resolvers: {
          Subscription: {
            story: {
              async *subscribe(_parent: unknown, { after }: { after?: number | null }) {
                for (let number = after ?? 0; number < PIECES; number += 1) {
                  const cursor = String(number + 1)
                  // At a pace that whoever reads can keep.
                  await setImmediate()
                  yield { story: { __typename: 'Piece', cursor, text: pieceOf(number), line: number } }
                }
                sent.wholeStories += 1
                yield { story: { __typename: 'Told', cursor: String(PIECES), pieces: PIECES } }
              },
            },
          },
        },
      }),
    },
    server,
  )
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`
  const composed = compositionLibrary.composeServices([{ name: 'stories', url, typeDefs: SDL }])
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-gateway-'))
  const file = path.join(directory, 'supergraph.graphql')
  await writeFile(file, composed.supergraphSdl!)
  const logger = createLogger({ name: 'test', level: 'silent' })
  const gateway = await startGatewayServer({
    host: '127.0.0.1',
    port: 0,
    corsOrigins: [],
    supergraphSource: createFileSource({ file, logger }),
    subgraphUrl: () => undefined,
    asksSubgraphsIfReady: false,
    exampleOperations: [],
    uploadOrigin: null,
    authentication: null,
    subscriptions: { ...DEFAULT_SUBSCRIPTIONS, waitingBytesMax },
    logger,
  })
  closers.push(
    () => rm(directory, { recursive: true, force: true }),
    () => server.close(),
    () => {
      for (const socket of server.clients) socket.terminate()
    },
    () => gateway.close(),
  )
  return { gateway, sent }
}

const query = (fields: string) =>
  `subscription ($after: Int) { story(after: $after) { __typename cursor ... on Piece { ${fields} } ... on Told { pieces } } }`

interface Told {
  data?: { story: { __typename: string; cursor: string; text?: string; pieces?: number } }
  errors?: { message: string; extensions: Record<string, unknown> }[]
}

function read({ url }: RunningGateway, fields: string, after: number | null = null) {
  let socket: WebSocket | undefined
  const client = createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    on: { connected: (connected) => (socket = connected as WebSocket) },
  })
  closers.push(() => client.dispose())
  const events = client.iterate({ query: query(fields), variables: { after } }) as AsyncIterableIterator<Told>
  return {
    events,
    pause: () => socket!.pause(),
    resume: () => socket!.resume(),
    async rest(): Promise<Told[]> {
      const rest: Told[] = []
      for await (const event of events) rest.push(event)
      return rest
    },
  }
}

/** Over server-sent events: `rest` reads on, and until then nobody reads. */
async function readOverHttp({ url }: RunningGateway, fields: string) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: query(fields) }),
  })
  return {
    async rest(): Promise<Told[]> {
      const frames = (await response.text()).split('\n\n').filter((frame) => frame.startsWith('event: next'))
      return frames.map((frame) => JSON.parse(frame.slice(frame.indexOf('\ndata: ') + 7)) as Told)
    },
  }
}

const textOf = (told: readonly Told[]) => told.map(({ data }) => data?.story.text ?? '').join('')

test('what waits for a client is merged: its text is whole, in fewer events, and others got theirs meanwhile', async () => {
  const { gateway, sent } = await startStory({ waitingBytesMax: 64 * 1024 ** 2 })
  const slow = read(gateway, 'text')
  const first = (await slow.events.next()).value as Told
  slow.pause()
  const fast = await read(gateway, 'text').rest()
  expect(textOf(fast)).toBe(STORY)
  await expect.poll(() => sent.wholeStories, { timeout: 20_000 }).toBe(2)
  expect(sent.sockets).toBe(1)
  slow.resume()
  const told = [first, ...(await slow.rest())]
  expect(told.flatMap(({ errors }) => errors ?? [])).toEqual([])
  expect(textOf(told)).toBe(STORY)
  expect(told.length).toBeLessThan(PIECES)
  expect(told.at(-1)!.data!.story).toEqual({ __typename: 'Told', cursor: String(PIECES), pieces: PIECES })
  // The cursor of a merged event is that of its last piece.
  for (const { data } of told.slice(0, -1))
    expect(data!.story.text!.endsWith(pieceOf(Number(data!.story.cursor) - 1))).toBe(true)
}, 60_000)

test('beyond its bytes the stream ends with a code, and goes on from its cursor without gap or repetition', async () => {
  const { gateway } = await startStory({ waitingBytesMax: 1_000_000 })
  // Lines differ, so nothing can be merged.
  const slow = read(gateway, 'text line')
  const told = [(await slow.events.next()).value as Told]
  slow.pause()
  expect(textOf(await read(gateway, 'text').rest())).toBe(STORY)
  slow.resume()
  told.push(...(await slow.rest()))
  const [error] = told.at(-1)!.errors!
  const { cursor, ...extensions } = error!.extensions
  expect(extensions).toEqual({ code: 'CLIENT_TOO_SLOW', isRetryable: true })
  expect(error!.message).toMatch(/1000000 bytes/)
  expect(cursor).toBe(told.at(-2)!.data!.story.cursor)
  expect(Number(cursor)).toBeLessThan(PIECES)
  told.push(...(await read(gateway, 'text line', Number(cursor)).rest()))
  expect(textOf(told)).toBe(STORY)
}, 60_000)

test('over HTTP as well: what waits is merged, the text is whole, and others got theirs meanwhile', async () => {
  const { gateway, sent } = await startStory({ waitingBytesMax: 64 * 1024 ** 2 })
  const slow = await readOverHttp(gateway, 'text')
  expect(textOf(await (await readOverHttp(gateway, 'text')).rest())).toBe(STORY)
  await expect.poll(() => sent.wholeStories, { timeout: 20_000 }).toBe(2)
  const told = await slow.rest()
  expect(told.flatMap(({ errors }) => errors ?? [])).toEqual([])
  expect(textOf(told)).toBe(STORY)
  expect(told.length).toBeLessThan(PIECES)
  expect(told.at(-1)!.data!.story.__typename).toBe('Told')
}, 60_000)

test('over HTTP as well: beyond its bytes the stream ends with a code and a cursor', async () => {
  const { gateway } = await startStory({ waitingBytesMax: 1_000_000 })
  const slow = await readOverHttp(gateway, 'text line')
  expect(textOf(await read(gateway, 'text').rest())).toBe(STORY)
  const told = await slow.rest()
  const { cursor, code } = told.at(-1)!.errors![0]!.extensions
  expect(code).toBe('CLIENT_TOO_SLOW')
  expect(cursor).toBe(told.at(-2)!.data!.story.cursor)
  expect(Number(cursor)).toBeLessThan(PIECES)
}, 60_000)
