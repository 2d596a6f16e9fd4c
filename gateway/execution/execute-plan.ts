// Runs a part of a query plan from a given start value: for subscriptions, the rest of the plan with an event as its start. A fetch that
// fails leaves its fields out and adds an error at their client path; everything else goes on.
import type { FetchNode, PlanNode } from '@apollo/query-planner'
import type { GraphQLSchema } from 'graphql'
import { assertNever, TributaryError } from '#shared/errors.ts'
import { clientPathOf } from '../planning/internal-names.ts'
import type { FetchInParts } from '../planning/required-fields.ts'
import type { RequestContext } from '../request-context.ts'
import { applyRewrites } from './data-rewrites.ts'
import { mergeResults } from './merge-results.ts'
import { readResponse } from './read-response.ts'
import { isJsonObject, isOfType, representationOf, type JsonObject } from './representation.ts'
import type { SubgraphClient, SubgraphError, SubgraphOperation } from '../subgraphs/subgraph-client.ts'

export interface PlanError {
  message: string
  path: readonly (string | number)[]
  extensions: Record<string, unknown>
}

export interface PlanExecution {
  schema: GraphQLSchema
  client: SubgraphClient
  context: RequestContext
  /** As the client sent them; `variableUsages` picks what a fetch needs. */
  variables: Readonly<Record<string, unknown>>
  /** With defaults applied: what conditions look at. */
  coercedVariables: Readonly<Record<string, unknown>>
  errors: PlanError[]
}

/** An object of the result and where it stands. */
interface Place {
  value: JsonObject
  path: readonly (string | number)[]
}

/** Fills `data` in place; errors are collected in `execution.errors`. */
export async function executePlan(node: PlanNode, data: JsonObject, execution: PlanExecution): Promise<void> {
  await executeNode(node, [{ value: data, path: [] }], execution)
}

async function executeNode(node: PlanNode, places: readonly Place[], execution: PlanExecution): Promise<void> {
  switch (node.kind) {
    case 'Sequence':
      for (const child of node.nodes) await executeNode(child, places, execution)
      return
    case 'Parallel':
      await Promise.all(node.nodes.map((child) => executeNode(child, places, execution)))
      return
    case 'Flatten':
      return executeNode(
        node.node,
        places.flatMap((place) => placesUnder(place, node.path)),
        execution,
      )
    case 'Condition': {
      const clause = execution.coercedVariables[node.condition] === true ? node.ifClause : node.elseClause
      if (clause) await executeNode(clause, places, execution)
      return
    }
    case 'Fetch':
      return executeFetch(node, places, execution)
    case 'Defer':
      throw new TributaryError(
        'INTERNAL_SERVER_ERROR',
        'The planner deferred a part of a subscription, which it is never asked to do.',
      )
    default:
      assertNever(node)
  }
}

function placesUnder(place: Place, path: readonly (string | number)[]): Place[] {
  let current: { value: unknown; path: readonly (string | number)[] }[] = [place]
  for (const step of path) {
    current = current.flatMap(({ value, path: at }) => {
      if (step === '@')
        return Array.isArray(value) ? value.map((item: unknown, index) => ({ value: item, path: [...at, index] })) : []
      return isJsonObject(value) ? [{ value: value[step], path: [...at, step] }] : []
    })
  }
  return current.filter((found): found is Place => isJsonObject(found.value))
}

async function executeFetch(fetch: FetchInParts, places: readonly Place[], execution: PlanExecution): Promise<void> {
  const variables = Object.fromEntries(
    (fetch.variableUsages ?? []).flatMap((name) =>
      name in execution.variables ? [[name, execution.variables[name]]] : [],
    ),
  )
  if (!fetch.requires) {
    const data = await request(fetch, JSON.stringify(variables), execution, (path) => [path], [])
    applyRewrites(execution.schema, fetch.outputRewrites, data)
    if (data) for (const { value } of places) mergeResults(execution.schema, value, data)
    return
  }

  // Equal representations are sent once; the answer fans out to every place that asked.
  const placesByRepresentation = new Map<string, Place[]>()
  const lacking: Place[] = []
  for (const place of places) {
    const representation = representationOf(execution.schema, place.value, fetch.requires)
    if (!representation) {
      lacking.push(place)
      continue
    }
    applyRewrites(execution.schema, fetch.inputRewrites, representation)
    if (isUnknownToInterfaceObject(fetch, representation, execution.schema)) continue
    const key = JSON.stringify(representation)
    placesByRepresentation.set(key, [...(placesByRepresentation.get(key) ?? []), place])
  }
  await Promise.all([
    askForEntities(fetch, variables, placesByRepresentation, execution),
    ...(lacking.length > 0 ? (fetch.parts ?? []).map((part) => executeFetch(part, lacking, execution)) : []),
  ])
}

/** `placesByRepresentation`: by representations as JSON. */
async function askForEntities(
  fetch: FetchNode,
  variables: JsonObject,
  placesByRepresentation: ReadonlyMap<string, readonly Place[]>,
  execution: PlanExecution,
): Promise<void> {
  if (placesByRepresentation.size === 0) return
  const asking = [...placesByRepresentation.values()]
  const fallbackPath = asking[0]?.[0]?.path ?? []
  /** What went wrong with an entity went wrong at each place that asked for it. */
  const pathsOf = (path: readonly (string | number)[]) => {
    const [field, index, ...rest] = path
    const asked = field === '_entities' && typeof index === 'number' ? asking[index] : undefined
    return asked?.map((place) => [...place.path, ...rest]) ?? [fallbackPath]
  }
  const data = await request(
    fetch,
    withRepresentations(variables, [...placesByRepresentation.keys()]),
    execution,
    pathsOf,
    fallbackPath,
    placesByRepresentation.size,
  )
  const entities = data?.['_entities']
  if (!Array.isArray(entities)) return
  for (const [index, entity] of entities.entries()) {
    if (!isJsonObject(entity)) continue
    applyRewrites(execution.schema, fetch.outputRewrites, entity)
    // The last takes it, the others a copy: later fetches fill each for itself.
    const asked = asking[index] ?? []
    for (const [at, { value }] of asked.entries())
      mergeResults(execution.schema, value, at < asked.length - 1 ? structuredClone(entity) : entity)
  }
}

/**
 * Whether a subgraph that has an interface as an object gets one of its types under the type's own name: the plan has no key for it, because it asks
 * nothing of it.
 */
function isUnknownToInterfaceObject(
  { inputRewrites }: FetchNode,
  { __typename: typeName }: JsonObject,
  schema: GraphQLSchema,
): boolean {
  return (inputRewrites ?? []).some(
    (rewrite) =>
      rewrite.kind === 'ValueSetter' &&
      rewrite.path.at(-1) === '__typename' &&
      rewrite.setValueTo !== typeName &&
      isOfType(schema, typeName, String(rewrite.setValueTo)),
  )
}

async function request(
  fetch: FetchNode,
  variables: string,
  execution: PlanExecution,
  pathsOf: (path: readonly (string | number)[]) => readonly (readonly (string | number)[])[],
  fallbackPath: readonly (string | number)[],
  entityCount?: number,
): Promise<JsonObject | null> {
  try {
    const response = await execution.client.request(
      fetch.serviceName,
      { operation: operationOf(fetch), variables },
      execution.context,
    )
    const { data, errors } = readResponse(response, entityCount)
    for (const error of errors)
      for (const path of error.path ? pathsOf(error.path) : [fallbackPath])
        execution.errors.push(toPlanError(error, fetch.serviceName, path))
    return data
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error
    execution.errors.push({
      message: error.message,
      path: clientPathOf(fallbackPath),
      extensions: { code: error.code, isRetryable: error.isRetryable },
    })
    return null
  }
}

const operations = new WeakMap<FetchNode, SubgraphOperation>()

/** The same for every request of a fetch, so that what is made of it is made once. */
function operationOf(fetch: FetchNode): SubgraphOperation {
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

/** `representations`: each as JSON already. */
function withRepresentations(variables: JsonObject, representations: readonly string[]): string {
  const others = JSON.stringify(variables)
  return `{"representations":[${representations.join(',')}]${others === '{}' ? '}' : `,${others.slice(1)}`}`
}

/** What a subgraph said, with its name: whoever masks errors must know whose words they are. */
export function toPlanError(
  { message, extensions }: SubgraphError,
  serviceName: string,
  path: readonly (string | number)[],
): PlanError {
  return {
    message,
    path: clientPathOf(path),
    extensions: { code: 'INTERNAL_SERVER_ERROR', ...extensions, serviceName },
  }
}
