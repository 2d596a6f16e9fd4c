// What ends an operation on a socket: its client, its socket, its credential.
import { afterAll, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { collect, startTwoSubgraphs, STREAM } from '../two-subgraphs.fixture.ts'

const { keys, started, untilStarted, nextEnd, connect, post, close } = await startTwoSubgraphs()
afterAll(close)

test('a revoked key ends its open streams within a second, with a code', async () => {
  keys.set('leaving', ['VIEWER'])
  started.length = 0
  const client = connect('leaving')
  const events = client.iterate({ query: STREAM, variables: { count: 0 } })
  const next = events.next()
  await untilStarted(1)
  const ended = nextEnd()
  keys.delete('leaving')
  const revokedAt = performance.now()
  const { value } = await next
  expect(performance.now() - revokedAt).toBeLessThanOrEqual(1000)
  expect(value?.errors?.[0]?.extensions?.['code']).toBe('UNAUTHENTICATED')
  await ended
  await client.dispose()
})

test("a client's complete ends a quiet stream at once, and leaves the others on its socket alone", async () => {
  const client = connect('viewer')
  started.length = 0
  const kept = client.iterate({ query: STREAM, variables: { count: 0 } })
  void kept.next()
  const left = client.iterate({ query: STREAM, variables: { count: -1 } })
  void left.next()
  await untilStarted(2)
  let ended = nextEnd()
  await left.return?.()
  expect(await ended).toBe(-1)
  ended = nextEnd()
  await kept.return?.()
  expect(await ended).toBe(0)
  await client.dispose()
})

test("completed operations do not count against the socket's capacity", async () => {
  const client = connect('viewer')
  started.length = 0
  void client.iterate({ query: STREAM, variables: { count: 0 } }).next()
  await untilStarted(1)
  for (let completed = 0; completed < 100; completed++) {
    started.length = 0
    const events = client.iterate({ query: STREAM, variables: { count: -1 } })
    void events.next()
    await untilStarted(1)
    const ended = nextEnd()
    await events.return?.()
    await ended
  }
  expect(await collect(client, '{ engines { id } }')).toEqual([{ data: { engines: [{ id: 'e1' }] } }])
})

test('a socket that breaks without a word ends its streams', async () => {
  let socket: WebSocket | undefined
  const client = connect('viewer')
  client.on('connected', (connected) => (socket = connected as WebSocket))
  started.length = 0
  const next = client.iterate({ query: STREAM, variables: { count: 0 } }).next()
  await untilStarted(1)
  const ended = nextEnd()
  socket?.terminate()
  await expect(next).rejects.toMatchObject({ code: 1006 })
  expect(await ended).toBe(0)
})

test('a client that leaves a query stops it in the subgraph, over HTTP and over WebSocket', async () => {
  const controller = new AbortController()
  started.length = 0
  const request = post('{ slow }', { authorization: 'Bearer viewer' }, controller.signal)
  await untilStarted(1)
  let ended = nextEnd()
  controller.abort()
  await expect(request).rejects.toThrow(/abort/i)
  expect(await ended).toBe('slow')

  const client = connect('viewer')
  const kept = client.iterate({ query: STREAM, variables: { count: 0 } })
  void kept.next()
  started.length = 0
  const events = client.iterate({ query: '{ slow }' })
  void events.next()
  await untilStarted(2)
  ended = nextEnd()
  await events.return?.()
  expect(await ended).toBe('slow')
  await client.dispose()
})

test('a hundred operations at once are all that a socket carries', async () => {
  const client = connect('viewer')
  const streams = Array.from({ length: 105 }, () => client.iterate({ query: STREAM, variables: { count: 0 } }))
  const results = streams.map((stream) => stream.next())
  const refused = await Promise.all(results.slice(100).map((result) => result.catch((errors) => errors)))
  expect(refused).toMatchObject(Array.from({ length: 5 }, () => [{ extensions: { code: 'CAPACITY_EXCEEDED' } }]))
  for (const stream of streams) await stream.return?.()
  await client.dispose()
})
