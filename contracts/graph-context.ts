// What every resolver of every subgraph is given. A subgraph's own `context.ts` adds its use cases and loaders.
import type { Identity } from './identity.ts'

export interface GraphContext {
  /** The verified caller. */
  identity: Identity
  /** Aborted when the caller stops waiting. */
  signal: AbortSignal
  /** The same through gateway, subgraphs and logs. */
  requestId: string
}

/** In subgraphs with streams. */
export interface StreamingContext extends GraphContext {
  /** Of a caller that comes back to a stream: the last event it has seen, which goes before an argument that says the same; null where it did not say. */
  lastEventId: string | null
}
