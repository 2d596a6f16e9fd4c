// How much time is left, from hop to hop: whoever calls says how long they will wait, and nobody downstream works longer than that.
import type { IncomingHttpHeaders } from 'node:http'

/** Milliseconds that the sender of a request still waits for its answer. */
export const REMAINING_HEADER = 'x-request-timeout-ms'

/** What a caller says it will wait, in milliseconds; Infinity where it says nothing that can be understood. */
export function remainingMsOf(headers: IncomingHttpHeaders): number {
  const given = headers[REMAINING_HEADER]
  return typeof given === 'string' && /^\d{1,9}$/.test(given) ? Number(given) : Infinity
}
