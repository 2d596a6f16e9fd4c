// Plan and timings in the answer of a real gateway: for whom, and what is in them.
import { createClient } from 'graphql-ws'
import { afterAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { collect, startTwoSubgraphs } from '../two-subgraphs.fixture.ts'

const { post, url, close } = await startTwoSubgraphs()
afterAll(close)
const ASKED = { 'tributary-query-plan': 'true' }
const QUERY = '{ engines { id name } ping }'

test('an administrator who asks gets the plan as text and as data, and the time of each step and fetch', async () => {
  const { body } = await post(QUERY, { authorization: 'Bearer admin', ...ASKED })
  const { queryPlan, timings } = body.extensions
  expect(queryPlan.text).toMatch(/^QueryPlan \{[^]*Fetch\(service: "engines"\)/)
  expect(queryPlan).toMatchObject({ isCached: false, node: { kind: 'Parallel' } })
  expect(timings.fetches.map(({ subgraph }: { subgraph: string }) => subgraph).sort()).toEqual(['engines', 'tokens'])
  for (const fetched of timings.fetches) {
    expect(fetched).toMatchObject({ status: 200, errorCodes: [], responseBytes: expect.any(Number) })
    expect(fetched.startedAtMs).toBeGreaterThan(0)
    expect(fetched.durationMs).toBeGreaterThan(0)
    expect(fetched.startedAtMs + fetched.durationMs).toBeLessThanOrEqual(timings.totalMs)
  }
  for (const step of ['parseMs', 'validateMs', 'planMs']) expect(timings[step]).toBeGreaterThan(0)

  const again = await post(QUERY, { authorization: 'Bearer admin', ...ASKED })
  expect(again.body.extensions.queryPlan.isCached).toBe(true)
  expect(again.body.extensions.timings).toMatchObject({ parseMs: null, validateMs: null, planMs: null })
  const introspection = await post('{ __typename }', { authorization: 'Bearer admin', ...ASKED })
  expect(introspection.body.extensions).toMatchObject({ timings: { fetches: [] } })
})

test('nobody else gets it, and nobody who does not ask', async () => {
  for (const [key, headers] of [
    ['viewer', ASKED],
    ['editor', ASKED],
    ['admin', {}],
    ['admin', { 'tributary-query-plan': 'false' }],
  ] as const) {
    const { body } = await post(QUERY, { authorization: `Bearer ${key}`, ...headers })
    expect(body.data.ping).toEqual(expect.any(String))
    expect(body.extensions).toBeUndefined()
  }
  const anonymous = await post('{ __schema { queryType { name } } }', ASKED)
  expect(anonymous.body).toEqual({ data: { __schema: { queryType: { name: 'Query' } } } })
})

test('over WebSocket the connection or the operation brings the header', async () => {
  for (const [key, isGiven] of [
    ['admin', true],
    ['viewer', false],
  ] as const) {
    const client = createClient({
      url: url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: { authorization: `Bearer ${key}`, 'Tributary-Query-Plan': 'true' },
    })
    const [result] = await collect(client, QUERY)
    expect(result.data.ping).toEqual(expect.any(String))
    expect(result.extensions !== undefined).toBe(isGiven)
  }
})
