// The trace context of requests (subgraphs/trace-context.ts) as OpenTelemetry's spans know it: what a client sent is continued, what a fetch is part
// of is passed on. Contexts are handed over by hand, along with the operation they belong to: nothing has to be looked up, and no queue or pool can
// mix them up.
import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  trace,
  type Context,
  type Span,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import type { IncomingHttpHeaders } from 'node:http'
import { readTraceContext, traceHeadersOf, type TraceContext } from '../subgraphs/trace-context.ts'

const propagator = new W3CTraceContextPropagator()

/** What the caller's spans are; the root where they sent nothing that is well formed. */
export function continueTrace(headers: IncomingHttpHeaders): Context {
  return propagator.extract(ROOT_CONTEXT, traceHeadersOf(readTraceContext(headers)), defaultTextMapGetter)
}

/** What those that a span calls are told; null where there is nothing to continue: tracing is off, and the client sent none. */
export function traceContextOf(span: Span): TraceContext | null {
  if (!trace.isSpanContextValid(span.spanContext())) return null
  const headers: Record<string, string> = {}
  propagator.inject(trace.setSpan(ROOT_CONTEXT, span), headers, defaultTextMapSetter)
  return readTraceContext(headers)
}
