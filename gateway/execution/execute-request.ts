// A query or a mutation from its plan to its answer: fetches by the plan, the schema's own fields by graphql-js, then the shape that the client
// asked for.
import { executeSync, getVariableValues, GraphQLError, type ExecutionResult, type GraphQLSchema } from 'graphql'
import type { RequestContext } from '../request-context.ts'
import { executePlan } from './execute-plan.ts'
import type { PlanError } from './plan-execution.ts'
import type { PlannedRequest } from '../planning/plan-operation.ts'
import { assembleResult } from './assemble-result.ts'
import type { JsonObject } from './representation.ts'
import { createSharedValues } from './shared-values.ts'
import type { SharedOperations } from './shared-operations.ts'
import { noteRepetitive } from './write-json.ts'
import type { SubgraphClient } from '../subgraphs/subgraph-client.ts'

export interface ExecuteRequestOptions {
  schema: GraphQLSchema
  planned: PlannedRequest
  /** As the client sent them. */
  variables: Readonly<Record<string, unknown>>
  context: RequestContext
  client: SubgraphClient
  /** Default: executed for itself. */
  shared?: SharedOperations | null
}

export async function executeRequest(options: ExecuteRequestOptions): Promise<ExecutionResult> {
  const { schema, planned, variables, context, shared } = options
  const { coerced, errors: mistakes } = getVariableValues(
    schema,
    planned.operation.variableDefinitions ?? [],
    variables,
  )
  if (!coerced) return { errors: mistakes.map(asBadInput) }
  const run = (given: RequestContext) => executePlanned({ ...options, context: given }, coerced)
  return shared ? shared.execute({ planned, coercedVariables: coerced, context }, run) : run(context)
}

async function executePlanned(
  options: ExecuteRequestOptions,
  coercedVariables: Readonly<Record<string, unknown>>,
): Promise<ExecutionResult> {
  const { schema, planned, variables, context, client } = options
  const data: JsonObject = Object.create(null) as JsonObject
  const errors: PlanError[] = []
  const shared = createSharedValues()
  if (planned.plan)
    await executePlan(planned.plan, data, { schema, client, context, variables, coercedVariables, errors, shared })
  const introspected = introspect(options)
  Object.assign(data, introspected.data)
  const projected = planned.project(data, coercedVariables, shared)
  if (projected.data && projected.isRepetitive) noteRepetitive(projected.data)
  const result = assembleResult({ projected, fetchErrors: errors })
  return introspected.errors ? { ...result, errors: [...introspected.errors, ...(result.errors ?? [])] } : result
}

function introspect({ schema, planned, variables }: ExecuteRequestOptions): ExecutionResult {
  return planned.introspection
    ? executeSync({ schema, document: planned.introspection, variableValues: variables })
    : { data: {} }
}

const asBadInput = (error: GraphQLError): GraphQLError =>
  new GraphQLError(error.message, {
    ...(error.nodes ? { nodes: error.nodes } : {}),
    extensions: { code: 'BAD_USER_INPUT' },
  })
