// The record of an operation over a WebSocket: it begins when the operation is asked for, and ends when it is aborted, as every one is at its end.
import type { IncomingHttpHeaders } from 'node:http'
import { TributaryError } from '#shared/errors.ts'
import type { OperationRecord } from './operation-record.ts'

/** A socket has no headers for each operation: those of the request that opened it, then what the connection and the operation brought along. */
export function headersOnSocket(opened: IncomingHttpHeaders, ...brought: readonly unknown[]): IncomingHttpHeaders {
  const headers: Record<string, string | string[] | undefined> = { ...opened }
  for (const given of brought) {
    if (typeof given !== 'object' || given === null) continue
    for (const [name, value] of Object.entries(given))
      if (typeof value === 'string') headers[name.toLowerCase()] = value
  }
  return headers
}

export function endWithSignal(record: OperationRecord, signal: AbortSignal): void {
  signal.addEventListener(
    'abort',
    () => {
      // Why it was ended; a client that leaves gives no reason.
      if (signal.reason instanceof TributaryError) record.fail(signal.reason)
      record.end()
    },
    { once: true },
  )
}
