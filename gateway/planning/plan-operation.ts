// What is made of an operation once: its plan over the subgraphs, and the projection of what they answer.
import federationInternals from '@apollo/federation-internals'
import type { PlanNode, SubscriptionNode } from '@apollo/query-planner'
import {
  Kind,
  OperationTypeNode,
  visit,
  type DocumentNode,
  type FieldNode,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql'
import { TributaryError } from '#shared/errors.ts'
import type { FilteredOperation } from '../authorization/filter-unauthorised.ts'
import type { LoadedSupergraph } from '../supergraph/load-supergraph.ts'
import { compileProjection, type DataKeyOf, type Project } from '../execution/compile-projection.ts'
import { outcomeOf } from './condition-outcome.ts'
import { withRootInOrder } from './mutations-in-order.ts'
import { planningOver } from './planning-over.ts'

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

/**
 * The document must be valid, and have the operation. `filtered`: what of it the caller may read; without it everything. `overrides`: labels of
 * @override whose fields have moved; by default none has.
 */
export function planOperation(
  supergraph: LoadedSupergraph,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  filtered: FilteredOperation | null = null,
  overrides?: ReadonlyMap<string, boolean>,
): PlannedRequest | PlannedSubscription {
  const operationName = operation.name?.value
  const planning = planningOver(supergraph)
  const readable = filtered?.readable ?? document
  const plan = (given: DocumentNode) =>
    planning.buildPlan(
      federationInternals.operationFromDocument(
        planning.apiSchema,
        forPlanner(planning.prepare(given), planning.dataKeyOf),
        operationName === undefined ? {} : { operationName },
      ),
      overrides,
    ).node ?? null
  const project = compileProjection({
    schema: supergraph.apiSchema,
    ...(filtered ? { ...filtered.marked, refusals: filtered.refusals } : { document, operation }),
    dataKeyOf: planning.dataKeyOf,
  })
  if (operation.operation === OperationTypeNode.SUBSCRIPTION) {
    const node = plan(readable)
    if (node?.kind !== 'Subscription')
      throw new TributaryError('INTERNAL_SERVER_ERROR', 'The planner made no subscription plan for a subscription.')
    return { kind: 'subscription', operation, plan: node, project }
  }
  const node = plan(operation.operation === OperationTypeNode.MUTATION ? withRootInOrder(readable) : readable)
  if (node?.kind === 'Subscription')
    throw new TributaryError('INTERNAL_SERVER_ERROR', 'The planner made a subscription plan for a request.')
  return { kind: 'request', operation, plan: node, introspection: introspectionOf(document, operation), project }
}

/**
 * What the planner makes right plans of. It leaves a field out when conditions leave nothing to select of it, `reviews { id @include(if: $no) }`,
 * but the client is to learn how many there are: their type's name is asked for besides. It forgets conditions that are no variables below
 * ones that are. And it takes a response name that a key has for the key.
 */
function forPlanner(document: DocumentNode, dataKeyOf: DataKeyOf): DocumentNode {
  return visit(document, {
    enter(node) {
      if (node.kind !== Kind.FIELD && node.kind !== Kind.INLINE_FRAGMENT && node.kind !== Kind.FRAGMENT_SPREAD)
        return undefined
      const outcomes = new Map((node.directives ?? []).map((directive) => [directive, outcomeOf(directive)]))
      if ([...outcomes.values()].includes(false)) return null
      const directives = (node.directives ?? []).filter((directive) => outcomes.get(directive) !== true)
      if (node.kind !== Kind.FIELD) return { ...node, directives }
      const key = dataKeyOf(node)
      return {
        ...node,
        directives,
        ...(key === node.name.value ? {} : { alias: { kind: Kind.NAME, value: key } }),
      }
    },
    leave(node) {
      return node.kind === Kind.SELECTION_SET && node.selections.every(isConditional)
        ? { ...node, selections: [...node.selections, TYPE_NAME] }
        : undefined
    },
  })
}

const TYPE_NAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }

const isConditional = ({ directives }: SelectionNode): boolean =>
  directives?.some(({ name }) => name.value === 'skip' || name.value === 'include') ?? false

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
