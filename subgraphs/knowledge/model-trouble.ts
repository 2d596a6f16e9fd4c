// What an error of the models service means for whoever asked.
//
// *Missing*: this platform has no such model. What can be done without one is rightly done without one, and it is the same each time.
// *Away*: models does not answer just now; it was killed, is starting, or is too busy. What is done without it then would be another
// result than a moment later, so only a search, which says how it was made, may go on.
import { TributaryError, type ErrorCode } from '#shared/errors.ts'

const AWAY = new Set<ErrorCode>([
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_TIMED_OUT',
  'CAPACITY_EXCEEDED',
  'PROCESS_DIED',
  // A thread or a host that broke off, and is there again for the next call.
  'MODEL_FAILED',
])

export const isModelMissing = (error: unknown): error is TributaryError =>
  error instanceof TributaryError && error.code === 'MODEL_NOT_AVAILABLE'

export const isModelAway = (error: unknown): error is TributaryError =>
  error instanceof TributaryError && AWAY.has(error.code)

export const isModelTrouble = (error: unknown): error is TributaryError => isModelMissing(error) || isModelAway(error)
