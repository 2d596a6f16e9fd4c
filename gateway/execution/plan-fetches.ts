// The fetches of a plan, and where each of them asks.
import type { FetchNode, PlanNode } from '@apollo/query-planner'
import { assertNever } from '#shared/errors.ts'
import type { Path } from './plan-execution.ts'

export function fetchesOf(node: PlanNode, path: Path = []): { fetch: FetchNode; path: Path }[] {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel':
      return node.nodes.flatMap((child) => fetchesOf(child, path))
    case 'Flatten':
      return fetchesOf(node.node, [...path, ...node.path])
    case 'Condition':
      return [node.ifClause, node.elseClause].flatMap((clause) => (clause ? fetchesOf(clause, path) : []))
    case 'Fetch':
      return [{ fetch: node, path }]
    case 'Defer':
      // Never asked for (plan-steps.ts).
      return []
    default:
      return assertNever(node)
  }
}
