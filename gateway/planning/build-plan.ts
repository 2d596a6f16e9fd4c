// The planner over a supergraph, kept from what it plans wrongly: response names that meet those it adds for itself, arguments of required fields,
// conditions, and the order of mutations. It computes for as long as an operation asks for, so that the gateway runs it in a thread
// (planning-threads.ts).
import federationInternals from '@apollo/federation-internals'
import queryPlanner, { type FetchNode, type PlanNode, type SubscriptionNode } from '@apollo/query-planner'
import {
  getOperationAST,
  Kind,
  OperationTypeNode,
  parse,
  visit,
  type DocumentNode,
  type FieldNode,
  type SelectionNode,
} from 'graphql'
import type { DataKeyOf } from '../execution/compile-projection.ts'
import { outcomeOf } from './condition-outcome.ts'
import type { Decided } from './conditions-at-root.ts'
import { createDataKeyOf } from './data-keys.ts'
import { expandInterfaces, interfaceObjectsOf } from './interface-objects.ts'
import { withRootInOrder } from './mutations-in-order.ts'
import { nameRequiredFields } from './required-fields.ts'

export interface PlanRequest {
  /** A valid document, as text. */
  document: string
  /** Of the operation in it; null where that has no name. */
  operationName: string | null
  /** Labels of @override whose fields have moved; all others have not. */
  moved: readonly string[]
  /** Of a mutation: what its conditions at the root depend on. */
  decided: Decided
}

/** Null where no subgraph is needed. */
export type Plan = PlanNode | SubscriptionNode | null

export type BuildPlan = (request: PlanRequest) => Plan

export function createBuildPlan(supergraphSdl: string): BuildPlan {
  const required = nameRequiredFields(supergraphSdl)
  const supergraph = federationInternals.Supergraph.build(required.sdl ?? supergraphSdl, {
    supportedFeatures: federationInternals.ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
  })
  const planner = new queryPlanner.QueryPlanner(supergraph)
  const schema = supergraph.apiSchema()
  const graphqlSchema = schema.toGraphQLJSSchema()
  const interfaceObjects = interfaceObjectsOf(supergraphSdl)
  const dataKeyOf = createDataKeyOf(supergraphSdl)
  return ({ document, operationName, moved, decided }) => {
    const given = parse(document, { noLocation: true })
    const isMutation = getOperationAST(given, operationName)?.operation === OperationTypeNode.MUTATION
    const expanded = expandInterfaces(
      isMutation ? withRootInOrder(given, decided) : given,
      graphqlSchema,
      interfaceObjects,
    )
    const operation = federationInternals.operationFromDocument(
      schema,
      forPlanner(expanded, dataKeyOf),
      operationName === null ? {} : { operationName },
    )
    const { node } = planner.buildQueryPlan(operation, {
      overrideConditions: new Map(moved.map((label) => [label, true])),
    })
    if (!node) return null
    if (node.kind !== 'Subscription') return required.restore(node)
    const { rest, ...others } = node
    const primary = required.restore(node.primary) as FetchNode
    return { ...others, primary, ...(rest ? { rest: required.restore(rest) } : {}) }
  }
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
