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
