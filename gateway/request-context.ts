// What the gateway knows about one operation while it runs: the seam between server, executor and subgraph client.
import type { BaseContext } from '@apollo/server'
import type { Identity } from '../contracts/identity.ts'

export interface RequestContext extends BaseContext {
  /** Null only for introspection without credentials, on a gateway that listens on loopback. */
  identity: Identity | null
  /** Aborted when the client leaves. */
  signal: AbortSignal
  /** From the client's `x-request-id` or fresh; the same in every subgraph and log line. */
  requestId: string
}
