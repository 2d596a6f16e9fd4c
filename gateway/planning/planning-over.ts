// The planner over a supergraph, kept from what it plans wrongly: response names that meet those it adds for itself, and arguments of required fields.
import federationInternals, { type Operation } from '@apollo/federation-internals'
import queryPlanner, { type FetchNode, type QueryPlan } from '@apollo/query-planner'
import { print, type DocumentNode } from 'graphql'
import type { DataKeyOf } from '../execution/compile-projection.ts'
import { responseNameOf } from '../execution/collect-fields.ts'
import type { LoadedSupergraph } from '../supergraph/load-supergraph.ts'
import { expandInterfaces, interfaceObjectsOf } from './interface-objects.ts'
import { digestOf, internalName, looksInternal } from './internal-names.ts'
import { nameRequiredFields, namesThatPlansAdd } from './required-fields.ts'

export interface Planning {
  /** What operations to plan are read against. */
  apiSchema: ReturnType<LoadedSupergraph['supergraph']['apiSchema']>
  /** `overrides`: by label of @override, whether its field has moved; those left out have not. */
  buildPlan(operation: Operation, overrides?: ReadonlyMap<string, boolean>): QueryPlan
  /** The response name of a field for planning and in what subgraphs answer. */
  dataKeyOf: DataKeyOf
  /** A valid document as the planner understands it. */
  prepare(document: DocumentNode): DocumentNode
}

const known = new WeakMap<LoadedSupergraph, Planning>()

export function planningOver(supergraph: LoadedSupergraph): Planning {
  let planning = known.get(supergraph)
  if (!planning) known.set(supergraph, (planning = createPlanning(supergraph)))
  return planning
}

function createPlanning(loaded: LoadedSupergraph): Planning {
  const added = namesThatPlansAdd(loaded.sdl)
  const interfaceObjects = interfaceObjectsOf(loaded.sdl)
  const dataKeyOf: DataKeyOf = (field) => {
    const [name, responseName] = [field.name.value, responseNameOf(field)]
    if (name === '__schema' || name === '__type') return responseName
    if (interfaceObjects.fields.has(name) && (name !== responseName || field.arguments?.length))
      return internalName(digestOf(`${name}(${(field.arguments ?? []).map(print).toSorted().join(',')})`), responseName)
    if (name === responseName) return responseName
    return added.has(responseName) || looksInternal(responseName) ? internalName('client', responseName) : responseName
  }
  const required = nameRequiredFields(loaded.sdl)
  const supergraph =
    required.sdl === null
      ? loaded.supergraph
      : federationInternals.Supergraph.build(required.sdl, {
          supportedFeatures: federationInternals.ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
        })
  const planner = required.sdl === null ? loaded.planner : new queryPlanner.QueryPlanner(supergraph)
  return {
    apiSchema: supergraph.apiSchema(),
    buildPlan(operation, overrides = new Map()) {
      const plan = planner.buildQueryPlan(operation, { overrideConditions: new Map(overrides) })
      if (!plan.node) return plan
      if (plan.node.kind !== 'Subscription') return { ...plan, node: required.restore(plan.node) }
      const { rest, ...others } = plan.node
      const primary = required.restore(plan.node.primary) as FetchNode
      return { ...plan, node: { ...others, primary, ...(rest ? { rest: required.restore(rest) } : {}) } }
    },
    dataKeyOf,
    prepare: (document) => expandInterfaces(document, loaded.apiSchema, interfaceObjects),
  }
}
