// The planner's plan, made once into the steps that are run: entity fetches of one subgraph that could be sent at the same time are one request.
// Nothing waits for it: fetches that others follow are joined with their equals only, and those that nothing follows with each other.
import type { PlanNode } from '@apollo/query-planner'
import { assertNever, TributaryError } from '#shared/errors.ts'
import type { FetchInParts } from '../planning/required-fields.ts'
import type { SubgraphOperation } from '../subgraphs/subgraph-client.ts'
import { areCompatible, entityOperationOf, joinOperations, type EntityOperation } from './entity-operation.ts'
import type { Path } from './plan-execution.ts'

export type PlanStep =
  | { kind: 'Sequence' | 'Parallel'; steps: readonly PlanStep[] }
  | { kind: 'Flatten'; path: Path; step: PlanStep }
  | { kind: 'Condition'; condition: string; ifClause: PlanStep | null; elseClause: PlanStep | null }
  | JoinedFetches
  | FetchInParts

export interface JoinedFetches {
  kind: 'Joined'
  subgraph: string
  /** Each asks something else, of the objects at each of its paths. */
  fetches: readonly { fetch: FetchInParts; paths: readonly Path[] }[]
  /** One operation for some of them, by their place in `fetches`. */
  operationFor(places: readonly number[]): SubgraphOperation
}

/** Each set of them that has something to fetch makes a text of its own. */
const MOST_JOINED = 8

const known = new WeakMap<PlanNode, PlanStep>()

export function stepsOf(plan: PlanNode): PlanStep {
  let step = known.get(plan)
  if (!step) known.set(plan, (step = stepOf(plan)))
  return step
}

function stepOf(node: PlanNode): PlanStep {
  switch (node.kind) {
    case 'Sequence':
      return { kind: 'Sequence', steps: node.nodes.map(stepOf) }
    case 'Parallel':
      return parallelOf(node.nodes)
    case 'Flatten':
      return { kind: 'Flatten', path: node.path, step: stepOf(node.node) }
    case 'Condition':
      return {
        kind: 'Condition',
        condition: node.condition,
        ifClause: node.ifClause ? stepOf(node.ifClause) : null,
        elseClause: node.elseClause ? stepOf(node.elseClause) : null,
      }
    case 'Fetch':
      return node
    case 'Defer':
      throw new TributaryError(
        'INTERNAL_SERVER_ERROR',
        'The planner deferred a part of an operation, which it is never asked to do.',
      )
    default:
      return assertNever(node)
  }
}

/** An entity fetch that could be sent at once, and what follows it. */
interface Strand {
  path: Path
  fetch: FetchInParts
  operation: EntityOperation
  rest: readonly PlanNode[]
}

function parallelOf(nodes: readonly PlanNode[]): PlanStep {
  const steps: PlanStep[] = []
  const bySubgraph = new Map<string, Map<string, Strand[]>>()
  for (const node of nodes) {
    const strand = strandOf(node)
    if (!strand) {
      steps.push(stepOf(node))
      continue
    }
    const byKey = bySubgraph.get(strand.fetch.serviceName) ?? new Map<string, Strand[]>()
    bySubgraph.set(strand.fetch.serviceName, byKey)
    byKey.set(strand.operation.key, [...(byKey.get(strand.operation.key) ?? []), strand])
  }
  for (const byKey of bySubgraph.values()) {
    const isFollowed = (equals: readonly Strand[]) => equals.some(({ rest }) => rest.length > 0)
    const all = [...byKey.values()]
    for (const equals of all.filter(isFollowed)) {
      const rests = equals.flatMap(({ rest }) => (rest.length > 0 ? [rest] : []))
      steps.push({ kind: 'Sequence', steps: [joined([equals]), parallelOf(rests.map(sequenceOf))] })
    }
    for (const group of compatibleGroups(all.filter((equals) => !isFollowed(equals)))) steps.push(joined(group))
  }
  return steps.length === 1 ? steps[0]! : { kind: 'Parallel', steps }
}

const sequenceOf = (nodes: readonly PlanNode[]): PlanNode =>
  nodes.length === 1 ? nodes[0]! : { kind: 'Sequence', nodes: [...nodes] }

function strandOf(node: PlanNode): Strand | null {
  if (node.kind === 'Sequence') {
    const [first, ...others] = node.nodes
    const strand = first && strandOf(first)
    return strand ? { ...strand, rest: [...strand.rest, ...others] } : null
  }
  const [path, fetch] = node.kind === 'Flatten' ? [node.path, node.node] : [[], node]
  if (fetch.kind !== 'Fetch') return null
  const operation = entityOperationOf(fetch)
  return operation && { path, fetch, operation, rest: [] }
}

function compatibleGroups(all: readonly Strand[][]): Strand[][][] {
  const groups: Strand[][][] = []
  for (const equals of all) {
    const fitting = groups.find(
      (group) =>
        group.length < MOST_JOINED && group.every(([member]) => areCompatible(member!.operation, equals[0]!.operation)),
    )
    if (fitting) fitting.push(equals)
    else groups.push([equals])
  }
  return groups
}

/** Strands that ask the same in one list each. */
function joined(group: readonly (readonly Strand[])[]): PlanStep {
  const firsts = group.map(([first]) => first!)
  if (firsts.length === 1 && group[0]!.length === 1) {
    const { path, fetch } = firsts[0]!
    return { kind: 'Flatten', path, step: fetch }
  }
  const operations = new Map<string, SubgraphOperation>()
  return {
    kind: 'Joined',
    subgraph: firsts[0]!.fetch.serviceName,
    fetches: group.map((equals) => ({ fetch: equals[0]!.fetch, paths: equals.map(({ path }) => path) })),
    operationFor(places) {
      const key = places.join()
      let operation = operations.get(key)
      if (!operation) {
        const some = places.map((place) => firsts[place]!)
        operation = joinOperations(
          some.map((strand) => strand.operation),
          some[0]!.fetch.operationName,
        )
        operations.set(key, operation)
      }
      return operation
    },
  }
}
