// What is made of an operation once: what is asked of the planner, and the projection of what subgraphs answer to its plan.
import type { PlanNode, SubscriptionNode } from '@apollo/query-planner'
import {
  Kind,
  OperationTypeNode,
  print,
  type DocumentNode,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql'
import { TributaryError } from '#shared/errors.ts'
import type { FilteredOperation } from '../authorization/filter-unauthorised.ts'
import { compileProjection, type Project } from '../execution/compile-projection.ts'
import type { LoadedSupergraph } from '../supergraph/load-supergraph.ts'
import type { Plan, PlanRequest } from './build-plan.ts'
import type { Decided } from './conditions-at-root.ts'

export interface PlannedRequest {
  kind: 'request'
  operation: OperationDefinitionNode
  /** Null where no subgraph is needed. */
  plan: PlanNode | null
  /** What it asks of the schema itself, as an operation of its own; null where it asks nothing. */
  introspection: DocumentNode | null
  project: Project
}

export interface PlannedSubscription {
  kind: 'subscription'
  operation: OperationDefinitionNode
  plan: SubscriptionNode
  project: Project
}

/** What is to be planned of an operation, and what becomes of its plan. */
export interface OperationToPlan {
  request: PlanRequest
  complete(plan: Plan): PlannedRequest | PlannedSubscription
}

/**
 * The document must be valid, and have the operation. `filtered`: what of it the caller may read; null: everything. `moved`: labels of @override
 * whose fields have moved. `decided`: of a mutation, what its conditions at the root depend on.
 */
export function operationToPlan(
  { apiSchema, dataKeyOf }: LoadedSupergraph,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  {
    filtered = null,
    moved = [],
    decided,
  }: { filtered?: FilteredOperation | null; moved?: readonly string[]; decided: Decided },
): OperationToPlan {
  const project = compileProjection({
    schema: apiSchema,
    ...(filtered ? { ...filtered.marked, refusals: filtered.refusals } : { document, operation }),
    dataKeyOf,
  })
  return {
    request: {
      document: print(filtered?.readable ?? document),
      operationName: operation.name?.value ?? null,
      moved,
      decided,
    },
    complete(plan) {
      if (operation.operation === OperationTypeNode.SUBSCRIPTION) {
        if (plan?.kind !== 'Subscription')
          throw new TributaryError('INTERNAL_SERVER_ERROR', 'The planner made no subscription plan for a subscription.')
        return { kind: 'subscription', operation, plan, project }
      }
      if (plan?.kind === 'Subscription')
        throw new TributaryError('INTERNAL_SERVER_ERROR', 'The planner made a subscription plan for a request.')
      return { kind: 'request', operation, plan, introspection: introspectionOf(document, operation), project }
    },
  }
}

/** The document with only what its operation selects of `__schema` and `__type`. */
function introspectionOf(document: DocumentNode, operation: OperationDefinitionNode): DocumentNode | null {
  let isAsked = false
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [],
    ),
  )
  /** At the root only: spread fragments are written out, for below the root they may be used whole. */
  const keep = (selections: readonly SelectionNode[]): SelectionNode[] =>
    selections.flatMap((selection): SelectionNode[] => {
      switch (selection.kind) {
        case Kind.FIELD: {
          const isKept = selection.name.value === '__schema' || selection.name.value === '__type'
          isAsked ||= isKept
          return isKept ? [selection] : []
        }
        case Kind.INLINE_FRAGMENT:
          return [
            {
              ...selection,
              selectionSet: { ...selection.selectionSet, selections: keep(selection.selectionSet.selections) },
            },
          ]
        case Kind.FRAGMENT_SPREAD: {
          const fragment = fragments.get(selection.name.value)
          return fragment
            ? [
                {
                  kind: Kind.INLINE_FRAGMENT,
                  ...(selection.directives ? { directives: selection.directives } : {}),
                  selectionSet: { ...fragment.selectionSet, selections: keep(fragment.selectionSet.selections) },
                },
              ]
            : []
        }
      }
    })
  const kept = {
    ...operation,
    selectionSet: { ...operation.selectionSet, selections: keep(operation.selectionSet.selections) },
  }
  if (!isAsked) return null
  const others = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION)
  return { ...document, definitions: [kept, ...others] }
}
