// What of an error a client may see: expected errors keep code, message and path; anything else is masked with the request id, and logged.
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { TributaryError } from '../errors.ts'

/** Codes of graphql-js and Apollo Server about the request itself; their messages are safe. */
export const REQUEST_CODES = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
])

export interface FormatErrorOptions {
  requestId: string
  onUnexpected: (error: unknown, requestId: string) => void
}

/** A GraphQL error as the client gets it. */
export function formatGraphError(
  formatted: GraphQLFormattedError,
  error: unknown,
  options: FormatErrorOptions,
): GraphQLFormattedError {
  const original = error instanceof GraphQLError ? (error.originalError ?? error) : error
  const place = {
    ...(formatted.locations ? { locations: formatted.locations } : {}),
    ...(formatted.path ? { path: formatted.path } : {}),
  }
  if (original instanceof TributaryError) {
    return {
      message: original.message,
      ...place,
      extensions: {
        code: original.code,
        isRetryable: original.isRetryable,
        ...(original.argumentPath ? { argumentPath: original.argumentPath } : {}),
        ...(original.cursor === undefined ? {} : { cursor: original.cursor }),
      },
    }
  }
  const given = formatted.extensions?.['code']
  const code = typeof given === 'string' ? given : 'INTERNAL_SERVER_ERROR'
  if (REQUEST_CODES.has(code)) return { message: formatted.message, ...place, extensions: { code } }
  if (
    original instanceof GraphQLError &&
    !original.originalError &&
    code === 'INTERNAL_SERVER_ERROR' &&
    isAboutValues(original)
  ) {
    return { message: formatted.message, ...place, extensions: { code: 'BAD_USER_INPUT' } }
  }
  options.onUnexpected(original, options.requestId)
  return {
    message: `Something went wrong on the server. Its log has the details under request id ${options.requestId}.`,
    ...place,
    extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: options.requestId },
  }
}

/** graphql-js reports a variable of the wrong type without a path and without an original error. */
const isAboutValues = (error: GraphQLError): boolean =>
  error.path === undefined && error.message.startsWith('Variable "')
