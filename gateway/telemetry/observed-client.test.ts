// What the record and the figures get to know of fetches from real answers: those that fail, and those that several operations share.
import { trace } from '@opentelemetry/api'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSubgraphClient, type SubgraphClient } from '../subgraphs/subgraph-client.ts'
import { contextOf, QUERY, startDouble, type SubgraphDouble } from '../subgraphs/subgraph-double.fixture.ts'
import { createGatewayMetrics, type GatewayMetrics } from './metrics.ts'
import { observeClient } from './observed-client.ts'
import { OperationRecord } from './operation-record.ts'
import { PLAN_HEADER } from './plan-extension.ts'

let double: SubgraphDouble
let metrics: GatewayMetrics
let client: SubgraphClient
beforeEach(async () => {
  double = await startDouble()
  metrics = createGatewayMetrics()
  client = observeClient(
    createSubgraphClient({ urlOf: () => double.url, signer: null, settings: { queryRetries: 0 } }),
    metrics,
  )
})
afterEach(async () => {
  await double.close()
  await client.close()
})

/** The record of an operation whose client asks for timings. */
const beginRecord = () =>
  new OperationRecord({
    requestId: 'r',
    transport: 'http',
    headers: { [PLAN_HEADER]: 'true' },
    tracer: trace.getTracer('test'),
    metrics,
    log: () => undefined,
  })
const ask = (record: OperationRecord) =>
  client.request('a', { operation: QUERY, variables: '{}' }, contextOf({ records: [record] }))

test.each([
  [500, 'UPSTREAM_UNAVAILABLE'],
  [504, 'UPSTREAM_TIMED_OUT'],
])('an answer of %i without GraphQL is known by its status and its size', async (status, code) => {
  const record = beginRecord()
  const asked = ask(record)
  ;(await double.next()).answer('broken', { status })
  await expect(asked).rejects.toMatchObject({ code })
  expect(record.fetchTimings).toMatchObject([{ subgraph: 'a', status, responseBytes: 6, errorCodes: [code] }])
  const text = await metrics.registry.metrics()
  expect(text).toContain(`fetch_duration_seconds_count{subgraph="a",outcome="error",code="${code}"} 1`)
  expect(text).toContain('tributary_gateway_subgraph_response_size_bytes_sum{subgraph="a"} 6')
  expect(text).toContain('tributary_gateway_subgraph_fetches_in_flight{subgraph="a"} 0')
})

test.each([
  [200, '{"data":{"name":"x"}}', 'ok', ''],
  [500, 'broken', 'error', 'UPSTREAM_UNAVAILABLE'],
])('each operation that shares a fetch knows of its answer of %i', async (status, body, outcome, code) => {
  const records = [beginRecord(), beginRecord(), beginRecord()]
  const asked = Promise.allSettled(records.map(ask))
  ;(await double.next()).answer(body, { status })
  await asked
  expect(double.count).toBe(1)
  for (const record of records)
    expect(record.fetchTimings).toMatchObject([
      { status, responseBytes: body.length, errorCodes: code === '' ? [] : [code] },
    ])
  expect(await metrics.registry.metrics()).toContain(
    `fetch_duration_seconds_count{subgraph="a",outcome="${outcome}",code="${code}"} 3`,
  )
})

test('a fetch that never had an answer has neither status nor size', async () => {
  const record = beginRecord()
  const asked = ask(record)
  ;(await double.next()).response.destroy()
  await expect(asked).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  expect(record.fetchTimings).toMatchObject([{ status: null, responseBytes: null }])
  expect(await metrics.registry.metrics()).not.toContain('subgraph_response_size_bytes_count{')
})
