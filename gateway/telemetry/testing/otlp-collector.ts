// A collector of OpenTelemetry on loopback: takes traces by OTLP over HTTP and decodes the protobuf that was really sent, by the fields of
// https://github.com/open-telemetry/opentelemetry-proto that are looked at.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import protobuf from 'protobufjs'

const { root } = protobuf.parse(`
  syntax = "proto3";
  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
    fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; Status status = 15;
  }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue {
    oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; ArrayValue array_value = 5; }
  }
  message ArrayValue { repeated AnyValue values = 1; }
`)
const request = root.lookupType('ExportTraceServiceRequest')

export interface SentSpan {
  name: string
  /** Of the protocol: 1 internal, 2 server, 3 client. */
  kind: number
  traceId: string
  spanId: string
  /** Empty for a root. */
  parentSpanId: string
  attributes: Record<string, unknown>
  /** 2 is an error. */
  statusCode: number
  serviceName: unknown
}

export interface OtlpCollector {
  /** What OTEL_EXPORTER_OTLP_TRACES_ENDPOINT takes. */
  url: string
  spans: SentSpan[]
  /** As the bytes came, to search for what must not be in them. */
  bytes(): string
  contentTypes: (string | undefined)[]
  close(): Promise<void>
}

/** `status`: what exports are answered with. Default 200. `answers: false`: they never are. */
export async function startOtlpCollector(options: { status?: number; answers?: boolean } = {}): Promise<OtlpCollector> {
  const spans: SentSpan[] = []
  const contentTypes: (string | undefined)[] = []
  let received = ''
  const server = createServer((incoming, outgoing) => {
    void buffer(incoming).then((body) => {
      contentTypes.push(incoming.headers['content-type'])
      received += body.toString('latin1')
      spans.push(...decode(body))
      if (options.answers !== false) outgoing.writeHead(options.status ?? 200).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    spans,
    bytes: () => received,
    contentTypes,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function decode(body: Buffer): SentSpan[] {
  const message = request.toObject(request.decode(body), { longs: Number, bytes: Array, arrays: true }) as any
  return message.resourceSpans.flatMap(({ resource, scopeSpans }: any) =>
    scopeSpans.flatMap((scope: any) =>
      scope.spans.map((span: any): SentSpan => ({
        name: span.name,
        kind: span.kind ?? 0,
        traceId: Buffer.from(span.traceId).toString('hex'),
        spanId: Buffer.from(span.spanId).toString('hex'),
        parentSpanId: Buffer.from(span.parentSpanId ?? []).toString('hex'),
        attributes: attributesOf(span.attributes),
        statusCode: span.status?.code ?? 0,
        serviceName: attributesOf(resource.attributes)['service.name'],
      })),
    ),
  )
}

const attributesOf = (attributes: any[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]))

function valueOf(value: any): unknown {
  if (value.arrayValue) return value.arrayValue.values.map(valueOf)
  return value.stringValue ?? value.intValue ?? value.boolValue ?? value.doubleValue
}
