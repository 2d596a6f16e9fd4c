import { createClient } from 'graphql-ws'
import { once } from 'node:events'
import { afterAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { TributaryError } from '../errors.ts'
import { createLogger } from '../logger.ts'
import { rule, shield } from './shield.ts'
import { startSubgraphServer } from './subgraph-server.ts'

const started: string[] = []
const ends = new EventTarget()
const subgraph = await startSubgraphServer<{ signal: AbortSignal }>({
  name: 'quiet',
  typeDefinitions: 'type Query { ping: String } type Subscription { quiet(name: String!): String }',
  resolvers: {
    Subscription: {
      quiet: {
        async *subscribe(_parent: unknown, { name }: { name: string }, { signal }: { signal: AbortSignal }) {
          started.push(name)
          await once(signal, 'abort')
          ends.dispatchEvent(new CustomEvent('end', { detail: name }))
          yield { quiet: name }
        },
      },
    },
  },
  permissions: shield({ Subscription: rule()(() => true) }, { allowExternalErrors: true }),
  async createContext({ identityToken, signal }) {
    if (identityToken !== 'signed') throw new TributaryError('UNAUTHENTICATED', 'No signed identity was sent.')
    return { signal }
  },
  async verifyProcess(token) {
    if (token !== 'a process') throw new TributaryError('UNAUTHENTICATED', 'No process was named.')
  },
  identityHeader: 'x-identity',
  host: '127.0.0.1',
  port: 0,
  logger: createLogger({ name: 'test', level: 'silent' }),
})
afterAll(() => subgraph.close())

const connect = () =>
  createClient({
    url: subgraph.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: { 'x-identity': 'signed' },
  })
const quiet = (name: string) => ({ query: 'subscription ($name: String!) { quiet(name: $name) }', variables: { name } })
const nextEnd = async (): Promise<unknown> => (await once(ends, 'end'))[0].detail

test("a client's complete ends a quiet stream at once, and leaves the others on its socket alone", async () => {
  const client = connect()
  const kept = client.iterate(quiet('kept'))
  void kept.next()
  const left = client.iterate(quiet('left'))
  void left.next()
  await expect.poll(() => started, { timeout: 10_000 }).toEqual(['kept', 'left'])
  let ended = nextEnd()
  await left.return?.()
  expect(await ended).toBe('left')
  ended = nextEnd()
  await kept.return?.()
  expect(await ended).toBe('kept')
  await client.dispose()
})

test('a socket that breaks without a word ends its streams', async () => {
  let socket: WebSocket | undefined
  const client = connect()
  client.on('connected', (connected) => (socket = connected as WebSocket))
  const next = client.iterate(quiet('broken')).next()
  await expect.poll(() => started, { timeout: 10_000 }).toContain('broken')
  const ended = nextEnd()
  socket?.terminate()
  await expect(next).rejects.toMatchObject({ code: 1006 })
  expect(await ended).toBe('broken')
})

test('on the socket of a process each operation needs a caller of its own', async () => {
  const socketOf = (token: string) =>
    createClient({
      url: subgraph.url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: { 'x-identity': token },
    })
  const ofProcess = socketOf('a process')
  const bringing = (headers: unknown, name: string) =>
    ofProcess.iterate({ ...quiet(name), extensions: { headers } }).next()
  for (const headers of [undefined, null, 'signed', {}, { 'x-identity': 'forged' }, { 'x-identity': ['signed'] }])
    await expect(bringing(headers, 'refused')).rejects.toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
  expect(started).not.toContain('refused')
  void bringing({ 'x-identity': 'signed' }, 'of a caller')
  await expect.poll(() => started, { timeout: 10_000 }).toContain('of a caller')
  await ofProcess.dispose()
  await expect(socketOf('forged').iterate(quiet('never')).next()).rejects.toMatchObject({ code: 4403 })
})

test('nothing is answered without a signed identity, not even a page for people', async () => {
  const ask = (url: string, headers: Record<string, string>) => fetch(subgraph.url + url, { headers })
  const page = await ask('', { accept: 'text/html' })
  expect([page.status, page.headers.get('content-type')]).toEqual([401, 'application/json; charset=utf-8'])
  expect(await page.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] })
  expect((await ask('?query={__typename}', {})).status).toBe(401)
  expect((await ask('?query={__typename}', { 'x-identity': 'signed' })).status).toBe(200)
})
