// W3C trace context (https://www.w3.org/TR/trace-context/): what a client sent is continued, what a fetch is part of is passed on. Contexts are
// handed over by hand, along with the operation they belong to: nothing has to be looked up, and no queue or pool can mix them up.
import { ROOT_CONTEXT, trace, type Context, type Span } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import type { IncomingHttpHeaders } from 'node:http'

/** Values of the headers of these names. */
export interface TraceContext {
  traceparent: string
  tracestate: string | undefined
}

const propagator = new W3CTraceContextPropagator()

/** What the caller's spans are; the root where they sent nothing that is well formed. */
export function continueTrace(headers: IncomingHttpHeaders): Context {
  if (headers['traceparent'] === undefined) return ROOT_CONTEXT
  return propagator.extract(ROOT_CONTEXT, headers, {
    get: (carrier: IncomingHttpHeaders, name) => carrier[name],
    keys: (carrier: IncomingHttpHeaders) => Object.keys(carrier),
  })
}

/** What those that a span calls are told; null where there is nothing to continue: tracing is off, and the client sent none. */
export function traceContextOf(span: Span): TraceContext | null {
  if (!trace.isSpanContextValid(span.spanContext())) return null
  const headers: Record<string, string> = {}
  propagator.inject(trace.setSpan(ROOT_CONTEXT, span), headers, {
    set(carrier: Record<string, string>, name, value) {
      carrier[name] = value
    },
  })
  const { traceparent, tracestate } = headers
  return traceparent === undefined ? null : { traceparent, tracestate }
}

/** Puts it into the headers of a request to a subgraph. */
export function injectTraceContext(
  headers: Record<string, string>,
  context: TraceContext | null | undefined,
): Record<string, string> {
  if (!context) return headers
  headers['traceparent'] = context.traceparent
  if (context.tracestate !== undefined) headers['tracestate'] = context.tracestate
  return headers
}
