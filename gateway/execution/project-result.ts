// Shapes raw data into what the client asked for: only its fields, under its names, in its order, with nulls propagated as the
// specification says (6.4.4). graphql-js does it: every field resolves to what the data holds under the field's response name.
import { executeSync, GraphQLError, type DocumentNode, type ExecutionResult, type GraphQLSchema } from 'graphql'
import type { PlanError } from './execute-plan.ts'
import type { JsonObject } from './representation.ts'

export interface ProjectOptions {
  schema: GraphQLSchema
  document: DocumentNode
  operationName: string | null | undefined
  variables: Readonly<Record<string, unknown>>
  data: JsonObject
  /** Errors of the fetches; where one explains a missing value, shaping adds no second one. */
  errors: readonly PlanError[]
}

export function projectResult(options: ProjectOptions): ExecutionResult {
  const result = executeSync({
    schema: options.schema,
    document: options.document,
    operationName: options.operationName ?? null,
    variableValues: options.variables,
    rootValue: options.data,
    fieldResolver: (source: JsonObject, _arguments, _context, info) => source[info.path.key],
    typeResolver: (value: JsonObject) => value['__typename'] as string | undefined,
  })
  const fetchErrors = options.errors.map(
    (error) => new GraphQLError(error.message, { path: error.path, extensions: error.extensions }),
  )
  const shapingErrors = (result.errors ?? []).filter((error) => !isExplained(error, options.errors))
  const errors = [...fetchErrors, ...shapingErrors]
  return errors.length > 0 ? { data: result.data ?? null, errors } : { data: result.data ?? null }
}

function isExplained(error: GraphQLError, explanations: readonly PlanError[]): boolean {
  const path = error.path ?? []
  return explanations.some((explanation) => {
    const common = Math.min(path.length, explanation.path.length)
    return explanation.path.slice(0, common).every((step, index) => step === path[index])
  })
}
