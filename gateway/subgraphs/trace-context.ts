// W3C trace context (https://www.w3.org/TR/trace-context/), from a caller's headers and into those for a subgraph. What is not well formed is
// dropped, as the recommendation says: a broken `traceparent` takes `tracestate` with it.
import type { IncomingHttpHeaders } from 'node:http'

/** Values of the headers of these names. */
export interface TraceContext {
  traceparent: string
  tracestate: string | undefined
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/
/** The recommendation asks for 512 at least; what is much longer is not passed on. */
const TRACESTATE_MAX_CHARACTERS = 1024

export function readTraceContext(headers: IncomingHttpHeaders): TraceContext | null {
  const traceparent = headers['traceparent']
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return null
  // Version 00 ends after the flags.
  if (traceparent.startsWith('00-') && traceparent.length !== 55) return null
  const tracestate = headers['tracestate']
  return {
    traceparent,
    tracestate:
      typeof tracestate === 'string' && tracestate.length <= TRACESTATE_MAX_CHARACTERS ? tracestate : undefined,
  }
}

/** The headers that tell a subgraph; none for null. */
export function traceHeadersOf(trace: TraceContext | null): Record<string, string> {
  if (!trace) return {}
  const { traceparent, tracestate } = trace
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate }
}
