// All that belongs to one supergraph while it serves: how operations on it are planned, prepared and run.
import { createApolloExecutor } from './execution/apollo-executor.ts'
import type { SharedOperations } from './execution/shared-operations.ts'
import type { OperationGate } from './operations/operation-limits.ts'
import { createPlansForCallers, type PlansForCallers } from './planning/plan-for-caller.ts'
import type { PlanningThreads } from './planning/planning-threads.ts'
import { createPrepareOperation, type PrepareOperation } from './planning/prepare-operation.ts'
import { planMostUsed } from './planning/plan-most-used.ts'
import type { SubgraphClient } from './subgraphs/subgraph-client.ts'
import type { LoadedSupergraph } from './supergraph/load-supergraph.ts'

export interface Generation {
  supergraph: LoadedSupergraph
  plans: PlansForCallers
  prepare: PrepareOperation
  execute: ReturnType<typeof createApolloExecutor>
}

export interface CreateGenerationOptions {
  supergraph: LoadedSupergraph
  /** The one that serves; null for the first. */
  previous: Generation | null
  threads: PlanningThreads
  movedLabels: ReadonlySet<string> | undefined
  gate: OperationGate
  client: SubgraphClient
  /** Null where each operation is executed by itself. */
  shared: SharedOperations | null
}

/** Ready to serve: what clients ask most of the one before is planned. Throws CONFIGURATION_INVALID where nothing can be planned. */
export async function createGeneration(options: CreateGenerationOptions): Promise<Generation> {
  const { supergraph, previous, threads, movedLabels, gate, client, shared } = options
  const planner = threads.over(supergraph)
  await planner.ready()
  const plans = createPlansForCallers({ supergraph, planner, movedLabels })
  const prepare = createPrepareOperation({ supergraph, gate, plans })
  if (previous) await planMostUsed({ previous: previous.plans, plans, prepare })
  return { supergraph, plans, prepare, execute: createApolloExecutor(supergraph, plans, client, shared) }
}
