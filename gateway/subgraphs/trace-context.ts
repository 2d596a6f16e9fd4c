// W3C trace context (https://www.w3.org/TR/trace-context/) of a caller. What is not well formed is dropped, as the recommendation says: a
// broken `traceparent` takes `tracestate` with it.
import type { IncomingHttpHeaders } from 'node:http'

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
