// What the gateway knows about one operation while it runs: the seam between server, executor and subgraph client.
import type { BaseContext } from '@apollo/server'
import type { IncomingHttpHeaders } from 'node:http'
import type { Identity } from '../contracts/identity.ts'
import { remainingMsOf } from './subgraphs/deadline.ts'
import type { ClientHeaders } from './subgraphs/client-headers.ts'
import type { SubgraphAnswer } from './subgraphs/send.ts'
import { readTraceContext, type TraceContext } from './subgraphs/trace-context.ts'
import type { OperationRecord } from './telemetry/operation-record.ts'

export interface RequestContext extends BaseContext {
  /** Null only for introspection without credentials, on a gateway that listens on loopback. */
  identity: Identity | null
  /** Aborted when the client leaves. */
  signal: AbortSignal
  /** From the client's `x-request-id` or fresh; the same in every subgraph and log line. */
  requestId: string
  /** When the whole operation must be done, by `performance.now()`, in milliseconds; Infinity where nothing limits it. */
  deadline: number
  /** As they came, names in lower case; of an operation over WebSocket, those of the request that opened the socket. */
  headers: IncomingHttpHeaders
  /** Of a client that comes back to a stream: the last event it has seen; null where it did not say. */
  lastEventId: string | null
  /** What telemetry knows of it; undefined where nothing is told, as in tests of single parts. */
  record?: OperationRecord | undefined
  /** Of a batch, those of the operations that have not begun yet, in order: each takes the first (telemetry/apollo-plugin.ts). */
  batchedRecords?: OperationRecord[]
  /** The W3C trace context that subgraphs are told: of what is traced here, else the caller's; null where there is none. */
  trace: TraceContext | null
  /** Told of each answer of a subgraph, whatever is in it; of one that is shared too. */
  onSubgraphAnswer?: (answer: SubgraphAnswer) => void
  /** Takes what subgraphs' response headers become for the client; null where the client's response has begun already. */
  clientHeaders: ClientHeaders | null
}

export interface CreateRequestContextOptions {
  identity: Identity | null
  signal: AbortSignal
  requestId: string
  headers: IncomingHttpHeaders
  /** Longest time for the whole operation, in milliseconds; Infinity for none. A caller may ask for less. */
  timeoutMs: number
  /** Default null. */
  clientHeaders?: ClientHeaders
  /** Default null. */
  lastEventId?: string | null
  /** One, or those of a batch. Default: nobody is told anything. */
  records?: readonly OperationRecord[]
}

export function createRequestContext(options: CreateRequestContextOptions): RequestContext {
  const { identity, signal, requestId, headers, timeoutMs, records = [] } = options
  const [record] = records
  return {
    identity,
    signal,
    requestId,
    deadline: performance.now() + Math.min(timeoutMs, remainingMsOf(headers)),
    headers,
    lastEventId: options.lastEventId ?? null,
    record,
    ...(records.length > 1 ? { batchedRecords: [...records] } : {}),
    trace: record?.trace ?? readTraceContext(headers),
    clientHeaders: options.clientHeaders ?? null,
  }
}
