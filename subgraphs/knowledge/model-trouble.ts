// Errors of the models service that mean "not now": what can be done without a model is then done without one.
import { TributaryError, type ErrorCode } from '#shared/errors.ts'

const CODES = new Set<ErrorCode>([
  'MODEL_NOT_AVAILABLE',
  'MODEL_FAILED',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_TIMED_OUT',
  'CAPACITY_EXCEEDED',
])

export const isModelTrouble = (error: unknown): error is TributaryError =>
  error instanceof TributaryError && CODES.has(error.code)
