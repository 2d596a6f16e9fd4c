// Without anybody who gets traces nothing is made for them: one span that does nothing for each operation, none below it, and no text for any.
import { INVALID_SPAN_CONTEXT, trace, type Span, type Tracer } from '@opentelemetry/api'
import { parse, type OperationDefinitionNode } from 'graphql'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { collect, startTwoSubgraphs, STREAM } from '../two-subgraphs.fixture.ts'
import { createGatewayMetrics } from './metrics.ts'
import { OperationRecord } from './operation-record.ts'

/** As that of the API, and counts what it is told. */
const told: string[] = []
const span = new Proxy({} as Span, {
  get: (_, name) => {
    if (name === 'isRecording') return () => false
    if (name === 'spanContext') return () => INVALID_SPAN_CONTEXT
    return () => {
      told.push(String(name))
      return span
    }
  },
})
const startSpan = vi.fn<Tracer['startSpan']>(() => span)
const tracer: Tracer = { startSpan, startActiveSpan: vi.fn() as never }

let graph: Awaited<ReturnType<typeof startTwoSubgraphs>>
beforeAll(async () => {
  // Taken by the gateway in place of the API's own.
  trace.setGlobalTracerProvider({ getTracer: () => tracer })
  graph = await startTwoSubgraphs()
})
afterAll(async () => {
  await graph.close()
  trace.disable()
})
afterEach(() => {
  told.length = 0
  startSpan.mockClear()
})

test('queries, errors and subscriptions have one span that is told nothing', async () => {
  for (const query of ['{ engines { id name } ping }', '{ engines { secret } }', '{ nothing }', '{ '])
    await graph.post(query, { authorization: 'Bearer viewer' })
  await collect(graph.connect('viewer'), STREAM, { count: 2 })
  expect(startSpan.mock.calls.map(([name, options]) => [name, options?.attributes])).toEqual(
    Array.from({ length: 5 }, () => ['GraphQL Operation', undefined]),
  )
  expect(told).toEqual([])
})

test('the document is not looked at', () => {
  const metrics = createGatewayMetrics()
  const record = new OperationRecord({
    requestId: 'r',
    transport: 'http',
    headers: {},
    tracer,
    metrics,
    log: () => undefined,
  })
  const document = new Proxy(parse('query Named { ping }'), {
    get(_, name) {
      throw new Error(`The document was asked for ${String(name)}.`)
    },
  })
  record.identify(document, parse('query Named { ping }').definitions[0] as OperationDefinitionNode)
  record.begin('plan')(new Error('failed'))
  record.fail(new Error('failed'))
  record.end({ status: 200, sizeBytes: 1 })
  expect(record.beginFetch('subgraph fetch')).toBeNull()
  expect(told).toEqual([])
})
