// One line for each operation: who asked for what, how long it took and how it ended. Never a variable, a document or a credential.
import type { Logger } from 'pino'
import { createEvenChoice } from './evenly.ts'
import type { Transport } from './operation-record.ts'

export interface RequestLine {
  requestId: string
  /** Of the trace, where it is recorded. */
  traceId?: string | undefined
  transport: Transport
  /** As the document names it; null: it has no name, or it was not found out. */
  operationName: string | null
  operationType: string | null
  durationMs: number
  /** Of the HTTP response; null over WebSocket, and where the client left before there was one. */
  status: number | null
  /** Each once, in the order they came. */
  errorCodes: readonly string[]
  /** Fetches from subgraphs. */
  fetchCount: number
  clientName: string | null
  clientVersion: string | null
}

export type LogRequest = (line: RequestLine) => void

export const REQUEST_MESSAGE = 'graphql operation'

/** `percent`: how many of a hundred lines without errors are written, evenly spread; those with errors all are. */
export function createRequestLog(options: { logger: Logger; percent: number }): LogRequest {
  const isChosen = createEvenChoice(options.percent)
  return (line) => {
    if (line.errorCodes.length === 0 && !isChosen()) return
    options.logger.info(line, REQUEST_MESSAGE)
  }
}
