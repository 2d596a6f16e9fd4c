// Whose an operation on a socket is: the credential of its connection, or, where that has none, its own. GraphiQL, for one, can send headers only
// with the operation: as `extensions.headers` of the subscribe message.
import type { Client } from 'graphql-ws'
import { once } from 'node:events'
import { afterAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startTwoSubgraphs, STREAM } from '../two-subgraphs.fixture.ts'

// Not on loopback, where introspection without credentials would be allowed.
const { keys, started, untilStarted, connect, url, close } = await startTwoSubgraphs({
  host: '0.0.0.0',
  anonymousIdleMs: 300,
})
afterAll(close)

const withHeaders = (headers: Record<string, unknown> | undefined, query = STREAM, count = 1) => ({
  query,
  variables: query === STREAM ? { count } : {},
  ...(headers ? { extensions: { headers } } : {}),
})
const first = async (client: Client, payload: ReturnType<typeof withHeaders>): Promise<any> => {
  for await (const result of client.iterate(payload)) return result
}

test('without one in the connection, the credential of the operation counts, whatever the case of its name', async () => {
  const client = connect(null)
  const kept = client.iterate(withHeaders({ Authorization: 'Bearer viewer' }, STREAM, 0))
  void kept.next()
  for (const name of ['Authorization', 'authorization', 'AUTHORIZATION']) {
    const result = await first(client, withHeaders({ [name]: 'Bearer viewer' }))
    expect(result.data.tokens.words).toBe('t1')
  }
  await kept.return?.()
  await client.dispose()
})

test('an operation without or with a wrong credential is refused before it is read; the socket lives on', async () => {
  const client = connect(null)
  const kept = client.iterate(withHeaders({ Authorization: 'Bearer viewer' }, STREAM, 0))
  void kept.next()
  for (const headers of [undefined, {}, { Authorization: 7 }, { Authorization: 'Bearer wrong' }, { Authorization: '' }])
    for (const query of ['{ engines { id } }', '{ __schema { queryType { name } } }', '{ nothing }', '{ '])
      await expect(first(client, withHeaders(headers, query))).rejects.toMatchObject([
        { extensions: { code: 'UNAUTHENTICATED' } },
      ])
  const result = await first(client, withHeaders({ Authorization: 'Bearer viewer' }, '{ engines { id } }'))
  expect(result.data.engines).toEqual([{ id: 'e1' }])
  await kept.return?.()
  await client.dispose()
})

test('the credential of the connection goes before that of the operation', async () => {
  const client = connect('viewer')
  const secret = 'subscription { secretTokens { sequence } }'
  const result = await first(client, withHeaders({ Authorization: 'Bearer editor' }, secret))
  expect(result.errors[0].extensions.code).toBe('FORBIDDEN')
  await client.dispose()
})

test("a revoked key ends the operations that came with it within a second, and no one else's", async () => {
  keys.set('leaving', ['VIEWER'])
  started.length = 0
  const client = connect(null)
  const kept = client.iterate(withHeaders({ Authorization: 'Bearer viewer' }, STREAM, 0))
  void kept.next()
  const ending = client.iterate(withHeaders({ Authorization: 'Bearer leaving' }, STREAM, 0))
  const next = ending.next()
  await untilStarted(2)
  keys.delete('leaving')
  const revokedAt = performance.now()
  const { value } = await next
  expect(performance.now() - revokedAt).toBeLessThanOrEqual(1000)
  expect(value?.errors?.[0]?.extensions?.['code']).toBe('UNAUTHENTICATED')
  const result = await first(client, withHeaders({ Authorization: 'Bearer viewer' }))
  expect(result.data.tokens.words).toBe('t1')
  await kept.return?.()
  await client.dispose()
})

test('a socket that brings no credential and asks nothing is closed', async () => {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'connection_init' }))
  const [code] = await once(socket, 'close')
  expect(code).toBe(4401)
})
