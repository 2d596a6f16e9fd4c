// Plans without a thread, for tests of what plans are and what becomes of them.
import type { DocumentNode, OperationDefinitionNode } from 'graphql'
import type { LoadedSupergraph } from '../../supergraph/load-supergraph.ts'
import { createBuildPlan, type BuildPlan } from '../build-plan.ts'
import { decide, variablesAtRoot } from '../conditions-at-root.ts'
import { createPlansForCallers, type PlansForCallers } from '../plan-for-caller.ts'
import { operationToPlan, type PlannedRequest, type PlannedSubscription } from '../plan-operation.ts'

const known = new WeakMap<LoadedSupergraph, BuildPlan>()

function buildPlanOver(supergraph: LoadedSupergraph): BuildPlan {
  let buildPlan = known.get(supergraph)
  if (!buildPlan) known.set(supergraph, (buildPlan = createBuildPlan(supergraph.sdl)))
  return buildPlan
}

export function planHere(
  supergraph: LoadedSupergraph,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  { moved = [], variables = {} }: { moved?: readonly string[]; variables?: Readonly<Record<string, unknown>> } = {},
): PlannedRequest | PlannedSubscription {
  const { request, complete } = operationToPlan(supergraph, document, operation, {
    moved,
    decided: decide(variablesAtRoot(document, operation), operation, variables),
  })
  return complete(buildPlanOver(supergraph)(request))
}

export const createPlansHere = (supergraph: LoadedSupergraph): PlansForCallers =>
  createPlansForCallers({
    supergraph,
    planner: { plan: async (request) => JSON.stringify(buildPlanOver(supergraph)(request)) },
  })
