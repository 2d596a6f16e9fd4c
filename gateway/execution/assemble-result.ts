// The answer of an operation out of its shaped data and everything that went wrong. Where the error of a fetch explains why a value is
// missing, shaping adds no second one. What the caller was refused no fetch has asked for, so no fetch explains it.
import { GraphQLError, type ExecutionResult } from 'graphql'
import { isRefusalError } from '../authorization/refusal.ts'
import type { Projected } from './compile-projection.ts'
import type { PlanError } from './plan-execution.ts'

export function assembleResult(options: { projected: Projected; fetchErrors: readonly PlanError[] }): ExecutionResult {
  const { projected, fetchErrors } = options
  const errors = [
    ...fetchErrors.map(({ message, path, extensions }) => new GraphQLError(message, { path, extensions })),
    ...projected.errors.filter((error) => isRefusalError(error) || !isExplained(error, fetchErrors)),
  ]
  return errors.length > 0 ? { data: projected.data, errors } : { data: projected.data }
}

function isExplained(error: GraphQLError, explanations: readonly PlanError[]): boolean {
  const path = error.path ?? []
  return explanations.some((explanation) => {
    const common = Math.min(path.length, explanation.path.length)
    return explanation.path.slice(0, common).every((step, index) => step === path[index])
  })
}
