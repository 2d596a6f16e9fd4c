// An error as the client gets it. What subgraphs made of an error is kept: their messages were masked where they came in
// (subgraphs/mask-errors.ts). Only the names of subgraphs stay inside.
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { randomUUID } from 'node:crypto'
import { formatGraphError } from '#shared/graphql/format-error.ts'

export function formatClientError(
  formatted: GraphQLFormattedError,
  error: unknown,
  onUnexpected: (error: unknown, requestId: string) => void,
  requestId: string = randomUUID(),
): GraphQLFormattedError {
  const extensions = error instanceof GraphQLError ? error.extensions : (formatted.extensions ?? {})
  const isFromSubgraph =
    'serviceName' in extensions ||
    (error instanceof GraphQLError && !error.originalError && 'isRetryable' in extensions)
  if (!isFromSubgraph || typeof extensions['code'] !== 'string')
    return formatGraphError(formatted, error, { requestId, onUnexpected })
  const kept = Object.entries(extensions).filter(([name]) =>
    ['code', 'isRetryable', 'argumentPath', 'requestId'].includes(name),
  )
  return {
    message: formatted.message,
    ...(formatted.locations ? { locations: formatted.locations } : {}),
    ...(formatted.path ? { path: formatted.path } : {}),
    extensions: Object.fromEntries(kept),
  }
}
