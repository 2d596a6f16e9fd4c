// What the gateway knows about one operation while it runs: the seam between server, executor and subgraph client.
import type { BaseContext } from '@apollo/server'
import type { Identity } from '../contracts/identity.ts'
import type { SubgraphAnswer } from './telemetry/observed-client.ts'
import type { OperationRecord } from './telemetry/operation-record.ts'
import type { TraceContext } from './telemetry/trace-context.ts'

export interface RequestContext extends BaseContext {
  /** Null only for introspection without credentials, on a gateway that listens on loopback. */
  identity: Identity | null
  /** Aborted when the client leaves. */
  signal: AbortSignal
  /** From the client's `x-request-id` or fresh; the same in every subgraph and log line. */
  requestId: string
  /** What telemetry knows of it; undefined where nothing is told, as in tests of single parts. */
  record?: OperationRecord | undefined
  /** The W3C trace context that subgraphs are told; null where there is none. */
  trace?: TraceContext | null
  /** Called by the subgraph client with each answer, whatever is in it. */
  onSubgraphAnswer?: (answer: SubgraphAnswer) => void
}
