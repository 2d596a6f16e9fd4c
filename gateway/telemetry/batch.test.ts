// Several operations in one request: each has a record of its own, and so a line, figures and a span.
import { afterAll, beforeEach, expect, test } from 'vitest'
import { DEFAULT_ENDPOINT_POLICY } from '../endpoint-policy.ts'
import { startTwoSubgraphs } from '../two-subgraphs.fixture.ts'
import { QUIET_TELEMETRY } from './settings.ts'
import { startOtlpCollector } from './testing/otlp-collector.ts'
import { createRequestLines } from './testing/request-lines.ts'

const collector = await startOtlpCollector()
const { logger, clear, next } = createRequestLines()
const { url, gateway, close, untilStarted, nextEnd, started } = await startTwoSubgraphs({
  logger,
  policy: { ...DEFAULT_ENDPOINT_POLICY, http: { ...DEFAULT_ENDPOINT_POLICY.http, batchLimit: 3 } },
  telemetry: {
    ...QUIET_TELEMETRY,
    tracing: { url: collector.url, serviceName: 'g', sampler: 'parentbased_always_on', ratio: 1 },
  },
})
afterAll(() => collector.close())
beforeEach(clear)

const post = (batch: unknown[], headers: Record<string, string> = {}, signal: AbortSignal | null = null) =>
  fetch(url, {
    method: 'POST',
    headers: { authorization: 'Bearer viewer', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(batch),
    signal,
  })
const BATCH = [
  { query: 'query First { engines { id } ping }' },
  { query: 'query Second { engines { secret } }' },
  { query: 'query Third { __typename }' },
]
const figures = async () => (await fetch(`${gateway.origin}/metrics`)).text()

test('each leaves a line with the id of the request, and with its own name, fetches and codes', async () => {
  const answers = (await (await post(BATCH, { 'x-request-id': 'batch-1' })).json()) as { data: unknown }[]
  expect(answers).toHaveLength(3)
  const lines = await next(3)
  for (const line of lines) expect(line).toMatchObject({ requestId: 'batch-1', status: 200, transport: 'http' })
  expect(lines).toMatchObject([
    { operationName: 'First', fetchCount: 2, errorCodes: [] },
    { operationName: 'Second', fetchCount: 1, errorCodes: ['FORBIDDEN'] },
    { operationName: 'Third', fetchCount: 0, errorCodes: [] },
  ])
  const text = await figures()
  const duration = 'tributary_gateway_operation_duration_seconds_count'
  for (const labels of ['First",type="query",outcome="ok', 'Second",type="query",outcome="error'])
    expect(text).toContain(`${duration}{operation="${labels}"} 1`)
  expect(text).toContain('tributary_gateway_operations_in_flight 0')
  // One response, whatever it holds.
  expect(text).toContain('tributary_gateway_response_size_bytes_count 1')
})

test('one that cannot be read refuses them all, and each says so', async () => {
  const response = await post([BATCH[2], { query: 5 }])
  expect(response.status).toBe(400)
  expect(await next(2)).toMatchObject([
    { status: 400, errorCodes: ['BAD_REQUEST'] },
    { operationName: null, status: 400, errorCodes: ['BAD_REQUEST'] },
  ])
  expect(await figures()).toContain('tributary_gateway_operations_in_flight 0')
})

test('a client that leaves has left each of them', async () => {
  started.length = 0
  const leaving = new AbortController()
  const end = nextEnd()
  const answer = post([{ query: 'query Slow { slow }' }, BATCH[2]], {}, leaving.signal).catch(() => null)
  await untilStarted(1)
  leaving.abort()
  await answer
  await end
  for (const line of await next(2)) expect(line).toMatchObject({ status: null, errorCodes: ['CANCELLED'] })
})

test('a plan is told of the operation that asked for it', async () => {
  const response = await post(BATCH, { authorization: 'Bearer admin', 'tributary-query-plan': 'true' })
  const answers = (await response.json()) as { extensions: { timings: { fetches: unknown[] } } }[]
  expect(answers.map(({ extensions }) => extensions.timings.fetches.length)).toEqual([2, 1, 0])
  await next(3)
})

test('each has a span with those of its own steps below it', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  await post(BATCH, { traceparent: `00-${traceId}-b7ad6b7169203331-01` })
  const lines = await next(3)
  expect(lines.map((line) => line.traceId)).toEqual([traceId, traceId, traceId])
  await close()
  const spans = collector.spans.filter((span) => span.traceId === traceId)
  const operations = spans.filter(({ kind }) => kind === 2)
  const fetchesOf = (name: string) => {
    const operation = operations.find(({ attributes }) => attributes['graphql.operation.name'] === name)!
    return spans.filter(({ kind, parentSpanId }) => kind === 3 && parentSpanId === operation.spanId).length
  }
  expect(operations).toHaveLength(3)
  expect(['First', 'Second', 'Third'].map(fetchesOf)).toEqual([2, 1, 0])
})
