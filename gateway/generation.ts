// All that belongs to one supergraph while it serves: how operations on it are prepared and run.
import type { PrepareOperation } from './planning/prepare-operation.ts'
import type { LoadedSupergraph } from './supergraph/load-supergraph.ts'
import type { createApolloExecutor } from './execution/apollo-executor.ts'

export interface Generation {
  supergraph: LoadedSupergraph
  prepare: PrepareOperation
  execute: ReturnType<typeof createApolloExecutor>
}
