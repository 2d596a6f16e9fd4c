// The traces of a gateway over real subgraphs, as a collector gets them.
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { GRAPHQL_RESPONSE_TYPE } from '../http/media-type.ts'
import { collect, startTwoSubgraphs, STREAM } from '../two-subgraphs.fixture.ts'
import { QUIET_TELEMETRY, type TracingSettings } from './settings.ts'
import { startOtlpCollector, type OtlpCollector, type SentSpan } from './testing/otlp-collector.ts'

const VIEWER = { authorization: 'Bearer viewer' }
const CLIENT_TRACE = '0af7651916cd43dd8448eb211c80319c'
const CLIENT_SPAN = 'b7ad6b7169203331'
const TRACEPARENT = { traceparent: `00-${CLIENT_TRACE}-${CLIENT_SPAN}-01` }

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function startTraced(collector: { url: string }, tracing: Partial<TracingSettings> = {}) {
  const graph = await startTwoSubgraphs({
    telemetry: {
      ...QUIET_TELEMETRY,
      tracing: {
        url: collector.url,
        serviceName: 'gateway-under-test',
        sampler: 'parentbased_always_on',
        ratio: 1,
        ...tracing,
      },
    },
  })
  let isClosed = false
  const close = async () => {
    if (isClosed) return
    isClosed = true
    await graph.close()
  }
  closing.push(close)
  return { ...graph, close }
}

async function startCollector(options?: Parameters<typeof startOtlpCollector>[0]): Promise<OtlpCollector> {
  const collector = await startOtlpCollector(options)
  closing.push(() => collector.close())
  return collector
}

/** The tree below a span, as `name(child, child)`, children by name. */
function treeOf(spans: readonly SentSpan[], root: SentSpan): string {
  const children = spans.filter(({ parentSpanId }) => parentSpanId === root.spanId).map((child) => treeOf(spans, child))
  return children.length === 0 ? root.name : `${root.name}(${children.sort().join(', ')})`
}

test('an operation has a span with those of its steps and fetches below it, continued from the client', async () => {
  const collector = await startCollector()
  const graph = await startTraced(collector)
  const query = 'query Engines { engines { id name } ping }'
  await graph.post(query, { ...VIEWER, ...TRACEPARENT, 'x-request-id': 'r1' })
  await graph.post(query, VIEWER)
  await graph.close()

  const { spans } = collector
  expect(new Set(collector.contentTypes)).toEqual(new Set(['application/x-protobuf']))
  const [first, second] = spans.filter(({ kind }) => kind === 2)
  expect(treeOf(spans, first!)).toBe(
    'query(graphql.parse, graphql.plan, graphql.validate, subgraph fetch, subgraph fetch)',
  )
  // What is kept is not done again.
  expect(treeOf(spans, second!)).toBe('query(subgraph fetch, subgraph fetch)')
  expect(first).toMatchObject({
    traceId: CLIENT_TRACE,
    parentSpanId: CLIENT_SPAN,
    serviceName: 'gateway-under-test',
    statusCode: 0,
    attributes: {
      'graphql.operation.name': 'Engines',
      'graphql.operation.type': 'query',
      'http.response.status_code': 200,
      'tributary.request.id': 'r1',
    },
  })
  expect(second!.parentSpanId).toBe('')
  expect(second!.traceId).not.toBe(CLIENT_TRACE)
  const fetches = spans.filter(({ parentSpanId, kind }) => kind === 3 && parentSpanId === first!.spanId)
  expect(fetches.map(({ attributes }) => String(attributes['tributary.subgraph.name'])).sort()).toEqual([
    'engines',
    'tokens',
  ])
  for (const { attributes, traceId } of fetches) {
    expect(traceId).toBe(CLIENT_TRACE)
    expect(attributes).toMatchObject({ 'http.response.status_code': 200, 'graphql.operation.type': 'query' })
  }
})

test('each fetch passes its own span on to the subgraph', async () => {
  const collector = await startCollector()
  const graph = await startTraced(collector)
  graph.seenTraceparents.length = 0
  await graph.post('{ engines { id } }', { ...VIEWER, ...TRACEPARENT })
  await graph.close()
  const fetched = collector.spans.find(({ kind }) => kind === 3)!
  expect(graph.seenTraceparents).toEqual([`00-${CLIENT_TRACE}-${fetched.spanId}-01`])
})

test('without tracing the trace of a client is passed on as it came', async () => {
  const graph = await startTwoSubgraphs()
  closing.push(() => graph.close())
  graph.seenTraceparents.length = 0
  await graph.post('{ engines { id } }', { ...VIEWER, ...TRACEPARENT })
  await graph.post('{ engines { name } }', VIEWER)
  expect(graph.seenTraceparents).toEqual([TRACEPARENT.traceparent, ''])
})

test('errors are on the spans with their codes; values and credentials are nowhere', async () => {
  const collector = await startCollector()
  const graph = await startTraced(collector)
  await graph.post('query Hidden { engines { secret } }', VIEWER)
  await graph.post('{ nothing(id: "top-secret-value") }', { ...VIEWER, accept: GRAPHQL_RESPONSE_TYPE })
  await graph.post(
    'query Values($include: Boolean!) { engines { id @include(if: $include) } __type(name: "Confidential") { name } }',
    VIEWER,
  )
  await graph.post('query Inline { __type(name: "Confidential") { name } }', VIEWER)
  await graph.close()

  const operations = collector.spans.filter(({ kind }) => kind === 2)
  const hidden = operations.find(({ attributes }) => attributes['graphql.operation.name'] === 'Hidden')!
  expect(hidden).toMatchObject({
    statusCode: 2,
    attributes: { 'error.type': 'FORBIDDEN', 'tributary.error.codes': ['FORBIDDEN'] },
  })
  expect(collector.spans.find(({ parentSpanId, kind }) => kind === 3 && parentSpanId === hidden.spanId)).toMatchObject({
    statusCode: 2,
    attributes: { 'error.type': 'FORBIDDEN' },
  })
  const invalid = operations.find(({ name }) => name === 'GraphQL Operation')!
  expect(invalid.attributes).toMatchObject({
    'error.type': 'GRAPHQL_VALIDATION_FAILED',
    'http.response.status_code': 400,
  })
  expect(collector.spans.find(({ name, statusCode }) => name === 'graphql.validate' && statusCode === 2)).toBeDefined()
  const inline = operations.find(({ attributes }) => attributes['graphql.operation.name'] === 'Inline')!
  expect(inline.attributes['graphql.document']).toContain('__type(name: ?)')
  for (const secret of ['Confidential', 'top-secret-value', 'Bearer', 'viewer'])
    expect(collector.bytes()).not.toContain(secret)
})

test('a subscription is one span for as long as it lives, with those of its upstream and its fetches', async () => {
  const collector = await startCollector()
  const graph = await startTraced(collector)
  // The first two events show one entity, which is fetched once.
  await collect(graph.connect('viewer'), STREAM, { count: 3 })
  await graph.close()
  const { spans } = collector
  expect(
    treeOf(
      spans,
      spans.find(({ name }) => name === 'subscription')!,
    ),
  ).toBe(
    'subscription(graphql.parse, graphql.plan, graphql.validate, subgraph fetch, subgraph fetch, subgraph subscription)',
  )
})

test('what the client does not sample is not sent, and what the ratio leaves out neither', async () => {
  const collector = await startCollector()
  const graph = await startTraced(collector)
  await graph.post('{ ping }', { ...VIEWER, traceparent: `00-${CLIENT_TRACE}-${CLIENT_SPAN}-00` })
  await graph.close()
  const none = await startTraced(collector, { sampler: 'parentbased_traceidratio', ratio: 0 })
  await none.post('{ ping }', VIEWER)
  await none.close()
  expect(collector.spans).toEqual([])
})

test('a collector that fails, is gone or never answers costs no request, and the end waits two seconds at most', async () => {
  const unused = createServer().listen(0, '127.0.0.1')
  await once(unused, 'listening')
  const gone = `http://127.0.0.1:${(unused.address() as AddressInfo).port}/v1/traces`
  unused.close()
  const silent = await startCollector({ answers: false })
  for (const collector of [await startCollector({ status: 500 }), { url: gone }, silent]) {
    const graph = await startTraced(collector)
    const { status, body } = await graph.post('{ ping }', VIEWER)
    expect([status, Object.keys(body)]).toEqual([200, ['data']])
    const startedAtMs = performance.now()
    await graph.close()
    expect(performance.now() - startedAtMs).toBeLessThan(5000)
  }
  expect(silent.spans.length).toBeGreaterThan(0)
}, 30_000)
