// A fetch of a plan as a request to its subgraph.
import type { FetchNode } from '@apollo/query-planner'
import type { SubgraphOperation } from '../subgraphs/subgraph-client.ts'
import type { JsonObject } from './representation.ts'

const operations = new WeakMap<FetchNode, SubgraphOperation>()

/** The same for every request of a fetch, so that what is made of it is made once. */
export function operationOf(fetch: FetchNode): SubgraphOperation {
  let operation = operations.get(fetch)
  if (!operation) {
    operation = {
      kind: fetch.operationKind === 'mutation' ? 'mutation' : 'query',
      query: fetch.operation,
      operationName: fetch.operationName,
    }
    operations.set(fetch, operation)
  }
  return operation
}

/** Those of the client's variables that fetches use. */
export function variablesOf(fetches: readonly FetchNode[], variables: Readonly<Record<string, unknown>>): JsonObject {
  const names = new Set(fetches.flatMap(({ variableUsages }) => variableUsages ?? []))
  return Object.fromEntries([...names].flatMap((name) => (name in variables ? [[name, variables[name]]] : [])))
}

/** By the name of their variable, representations that are JSON already. */
export function withRepresentations(
  variables: JsonObject,
  representations: readonly (readonly [variable: string, representations: Iterable<string>])[],
): string {
  const lists = representations.map(([variable, each]) => `"${variable}":[${[...each].join(',')}]`).join(',')
  const others = JSON.stringify(variables)
  return `{${lists}${others === '{}' ? '}' : `,${others.slice(1)}`}`
}
