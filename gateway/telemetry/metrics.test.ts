// The figures of a real gateway, as Prometheus reads them.
import { readFileSync } from 'node:fs'
import { afterAll, expect, test, vi } from 'vitest'
import { collect, startTwoSubgraphs } from '../two-subgraphs.fixture.ts'
import { createGatewayMetrics } from './metrics.ts'
import { observeClient } from './observed-client.ts'

const { gateway, post, connect, close } = await startTwoSubgraphs()
afterAll(close)
const VIEWER = { authorization: 'Bearer viewer' }

/** The value of a series, whatever the order of its labels; undefined for one that is not there. */
async function figure(name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
  const text = await (await fetch(`${gateway.origin}/metrics`)).text()
  for (const line of text.split('\n')) {
    const [, series, given, value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (series !== name) continue
    const found = Object.fromEntries(
      [...(given ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key, text]),
    )
    if (Object.entries(labels).every(([key, text]) => found[key] === text)) return Number(value)
  }
  return undefined
}
const becomes = (name: string, labels: Record<string, string>, value: number) =>
  vi.waitFor(async () => expect(await figure(name, labels)).toBe(value), { interval: 10, timeout: 10_000 })

test('operations, fetches, caches and planning are counted', async () => {
  const query = 'query Counted { engines { id secret } ping }'
  await post(query, VIEWER)
  await post(query, VIEWER)
  const duration = 'tributary_gateway_operation_duration_seconds_count'
  await becomes(duration, { operation: 'Counted', type: 'query', outcome: 'error' }, 2)
  await becomes('tributary_gateway_operation_errors_total', { code: 'FORBIDDEN' }, 2)
  await becomes('tributary_gateway_response_size_bytes_count', {}, 2)
  expect(await figure('tributary_gateway_response_size_bytes_sum')).toBeGreaterThan(100)
  await becomes('tributary_gateway_cache_lookups_total', { cache: 'document', result: 'miss' }, 1)
  await becomes('tributary_gateway_cache_lookups_total', { cache: 'document', result: 'hit' }, 1)
  await becomes('tributary_gateway_cache_lookups_total', { cache: 'plan', result: 'miss' }, 1)
  await becomes('tributary_gateway_cache_lookups_total', { cache: 'plan', result: 'hit' }, 1)
  await becomes('tributary_gateway_planning_duration_seconds_count', {}, 1)
  const fetches = 'tributary_gateway_subgraph_fetch_duration_seconds_count'
  await becomes(fetches, { subgraph: 'engines', outcome: 'error', code: 'FORBIDDEN' }, 2)
  await becomes(fetches, { subgraph: 'tokens', outcome: 'ok', code: '' }, 2)
  await becomes('tributary_gateway_subgraph_response_size_bytes_count', { subgraph: 'tokens' }, 2)
  await becomes('tributary_gateway_operations_in_flight', {}, 0)
  await becomes('tributary_gateway_subgraph_fetches_in_flight', { subgraph: 'engines' }, 0)
})

test('what operations are estimated to cost is counted for all, what they did cost for a part', async () => {
  const query = 'query Costly { engines(first: 7) { id } }'
  for (let count = 0; count < 20; count += 1) await post(query, VIEWER)
  const costly = { operation: 'Costly' }
  expect(await figure('tributary_gateway_operation_estimated_cost_count', costly)).toBe(20)
  expect(await figure('tributary_gateway_operation_estimated_cost_sum', costly)).toBe(140)
  expect(await figure('tributary_gateway_operation_actual_cost_count', costly)).toBe(2)
  expect(await figure('tributary_gateway_operation_actual_cost_sum', costly)).toBe(2)
  await collect(connect('viewer'), 'subscription Streamed { tokens(count: 1) { sequence } }')
  expect(await figure('tributary_gateway_operation_estimated_cost_sum', { operation: 'Streamed' })).toBe(1)
  expect(await figure('tributary_gateway_operation_actual_cost_count', { operation: 'Streamed' })).toBeUndefined()
  // What is refused cost nothing.
  await post('query Refused { engines(first: 100000) { id } }', VIEWER)
  expect(await figure('tributary_gateway_operation_estimated_cost_count', { operation: 'Refused' })).toBeUndefined()
})

test('what is under way is counted while it is, and not after', async () => {
  const client = connect('viewer')
  const events = client.iterate({ query: 'subscription Open { tokens(count: 0) { sequence } }' })
  const next = events.next()
  await becomes('tributary_gateway_operations_in_flight', {}, 1)
  await events.return?.()
  await next
  await becomes('tributary_gateway_operations_in_flight', {}, 0)
  await becomes('tributary_gateway_operation_duration_seconds_count', { operation: 'Open', type: 'subscription' }, 1)
  await client.dispose()
  await collect(connect('viewer'), '{ ping }')
  await becomes('tributary_gateway_operations_in_flight', {}, 0)
})

test('a client that knows how it stands with subgraphs is asked when figures are read', async () => {
  const metrics = createGatewayMetrics()
  let circuit: 'closed' | 'open' = 'closed'
  observeClient(
    {
      request: async () => ({ data: null }),
      close: async () => undefined,
      states: () => [{ subgraph: 'engines', circuit, waiting: 7 }],
    },
    metrics,
  )
  const state = (name: string, value: number) => `circuit_state{subgraph="engines",state="${name}"} ${value}`
  expect(await metrics.registry.metrics()).toContain(state('closed', 1))
  circuit = 'open'
  const text = await metrics.registry.metrics()
  for (const line of [state('closed', 0), state('open', 1), state('half-open', 0)]) expect(text).toContain(line)
  expect(text).toContain('tributary_gateway_subgraph_fetches_waiting{subgraph="engines"} 7')
})

test('clients cannot make more series than the bound', async () => {
  const metrics = createGatewayMetrics()
  for (let count = 0; count < 300; count += 1) {
    metrics.operationBegan()
    const ended = { type: 'query', codes: [`CODE_${count}`], durationMs: 1, sizeBytes: 1 }
    metrics.operationEnded({ ...ended, name: `Operation${count}` })
    metrics.operationBegan()
    metrics.operationEnded({ ...ended, name: 'Operation0' })
    metrics.operationCost(`Operation${count}`, { estimated: 1, actual: 1 })
  }
  const text = await metrics.registry.metrics()
  const seriesOf = (name: string) => text.split('\n').filter((line) => line.startsWith(`${name}{`))
  expect(seriesOf('tributary_gateway_operation_duration_seconds_count')).toHaveLength(201)
  for (const kind of ['estimated', 'actual'])
    expect(seriesOf(`tributary_gateway_operation_${kind}_cost_count`)).toHaveLength(201)
  expect(seriesOf('tributary_gateway_operation_errors_total')).toHaveLength(101)
  expect(text).toContain('operation_duration_seconds_count{operation="Operation0",type="query",outcome="error"} 301')
  expect(text).toContain('operation_duration_seconds_count{operation="other",type="query",outcome="error"} 100')
})

test('docs/gateway.md lists every figure, and no other', async () => {
  const page = readFileSync(new URL('../../docs/gateway.md', import.meta.url), 'utf8')
  const listed = [...page.matchAll(/^\| `(tributary_gateway_\w+)` +\|/gm)].map(([, name]) => name!)
  const names = createGatewayMetrics()
    .registry.getMetricsAsArray()
    .map(({ name }) => name)
    .filter((name) => name.startsWith('tributary_gateway_'))
  expect(names.length).toBeGreaterThan(8)
  expect(listed.sort()).toEqual(names.sort())
})
