// Against a real graphql-ws server, and against one that says nothing.
import { buildSchema, type ExecutionArgs } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { createUpstreamSockets, type UpstreamSockets, type UpstreamSocketsOptions } from './upstream-sockets.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function startServer({ answersPings = true } = {}) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const sockets: WebSocket[] = []
  const parameters: unknown[] = []
  const running = new Set<string>()
  const streams = useServer(
    {
      schema: buildSchema('type Query { ping: Int } type Subscription { endless(name: String): Int }'),
      onConnect: ({ connectionParams }) => void parameters.push(connectionParams),
      subscribe: ({ variableValues }: ExecutionArgs) => {
        const name = String(variableValues?.['name'])
        running.add(name)
        const end = Promise.withResolvers<{ done: true; value: undefined }>()
        let isFirst = true
        return {
          next() {
            const value = { data: { endless: 1 } }
            const result = isFirst ? { done: false, value } : end.promise
            isFirst = false
            return Promise.resolve(result)
          },
          async return() {
            running.delete(name)
            end.resolve({ done: true, value: undefined })
            return end.promise
          },
          [Symbol.asyncIterator]() {
            return this
          },
        } as AsyncIterableIterator<never>
      },
    },
    server,
  )
  server.on('connection', (socket) => {
    sockets.push(socket)
    if (answersPings) return
    // What the protocol sends as a message, its library answers by itself: here what would be sent is kept.
    const send = socket.send.bind(socket)
    socket.send = ((data: string, ...rest: never[]) => {
      if (!data.includes('"pong"')) send(data, ...rest)
    }) as never
  })
  closers.push(async () => {
    for (const socket of sockets) socket.terminate()
    await streams.dispose()
    server.close()
  })
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets, parameters, running }
}

function pool(options: UpstreamSocketsOptions = {}): UpstreamSockets {
  const sockets = createUpstreamSockets(options)
  closers.push(() => sockets.close())
  return sockets
}

/** With its first event received. */
async function subscribe(sockets: UpstreamSockets, url: string, name: string, headers: Record<string, string> = {}) {
  const { client, leave } = sockets.enter({ url, headers }, async () => ({ opened: 'for all' }))
  const events = client.iterate({ query: 'subscription ($name: String) { endless(name: $name) }', variables: { name } })
  expect(await events.next()).toEqual({ done: false, value: { data: { endless: 1 } } })
  return {
    next: () => events.next(),
    async end() {
      await events.return?.()
      leave()
    },
  }
}

test('operations share a socket, up to a number, and each ends alone', async () => {
  const { url, sockets, parameters, running } = await startServer()
  const shared = pool({ operationsMax: 2 })
  const [first, second, third] = await Promise.all(['1', '2', '3'].map((name) => subscribe(shared, url, name)))
  expect(sockets).toHaveLength(2)
  expect(parameters).toEqual([{ opened: 'for all' }, { opened: 'for all' }])
  await first!.end()
  await expect.poll(() => [...running].toSorted()).toEqual(['2', '3'])
  const fourth = await subscribe(shared, url, '4')
  expect(sockets).toHaveLength(2)
  for (const one of [second!, third!, fourth]) await one.end()
})

test('of other headers, or another address, there are other sockets', async () => {
  const [one, other] = [await startServer(), await startServer()]
  const shared = pool()
  await subscribe(shared, one.url, 'a', { 'x-a': '1', 'x-b': '2' })
  await subscribe(shared, one.url, 'b', { 'x-b': '2', 'x-a': '1' })
  expect(one.sockets).toHaveLength(1)
  await subscribe(shared, one.url, 'c', { 'x-a': '2', 'x-b': '1' })
  await subscribe(shared, other.url, 'd', { 'x-a': '1', 'x-b': '2' })
  expect([one.sockets.length, other.sockets.length, shared.count()]).toEqual([2, 1, 3])
})

test('a socket without operations is kept for a moment, and used again', async () => {
  const { url, sockets } = await startServer()
  const shared = pool({ idleMs: 200 })
  await (await subscribe(shared, url, '1')).end()
  const again = await subscribe(shared, url, '2')
  expect(sockets).toHaveLength(1)
  const closed = once(sockets[0]!, 'close')
  await again.end()
  await closed
  expect(shared.count()).toBe(0)
  await (await subscribe(shared, url, '3')).end()
  expect(sockets).toHaveLength(2)
})

test('a lost socket ends its operations, and the next gets another', async () => {
  const { url, sockets } = await startServer()
  const shared = pool()
  const lost = [await subscribe(shared, url, '1'), await subscribe(shared, url, '2')]
  const ends = lost.map((one) => expect(one.next()).rejects.toMatchObject({ code: 1006 }))
  sockets[0]!.terminate()
  await Promise.all(ends)
  expect(shared.count()).toBe(0)
  await (await subscribe(shared, url, '3')).end()
  for (const one of lost) await one.end()
  expect([sockets.length, shared.count()]).toEqual([2, 1])
})

test('a socket whose pings are not answered is ended', async () => {
  const { url, sockets } = await startServer({ answersPings: false })
  const shared = pool({ pingMs: 20, pongTimeoutMs: 20 })
  const silent = await subscribe(shared, url, '1')
  await expect(silent.next()).rejects.toMatchObject({ code: 4499 })
  expect([sockets.length, shared.count()]).toEqual([1, 0])
})

test('one that accepts and says nothing, and one that does not acknowledge, end with the time limit', async () => {
  const accepted: Socket[] = []
  const silent = createServer((socket) => void accepted.push(socket)).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const deaf = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(deaf, 'listening')
  closers.push(() => {
    for (const socket of accepted) socket.destroy()
    for (const socket of deaf.clients) socket.terminate()
    silent.close()
    deaf.close()
  })
  const shared = pool({ openTimeoutMs: 100 })
  for (const server of [silent, deaf]) {
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
    await expect(subscribe(shared, url, 'x')).rejects.toBeDefined()
    expect(shared.count()).toBe(0)
  }
})

test('closing ends all sockets', async () => {
  const { url, sockets } = await startServer()
  const shared = pool()
  const [used, idle] = [await subscribe(shared, url, '1'), await subscribe(shared, url, '2', { 'x-a': '1' })]
  await idle.end()
  const closed = Promise.all(sockets.map((socket) => once(socket, 'close')))
  await shared.close()
  await closed
  expect(await used.next()).toEqual({ done: true, value: undefined })
  expect(shared.count()).toBe(0)
})
