// The code of an error as figures, spans and log lines carry it. It comes from subgraphs too, so that only what looks like a code is one.
import { GraphQLError } from 'graphql'
import { TributaryError } from '#shared/errors.ts'

export const UNKNOWN_CODE = 'INTERNAL_SERVER_ERROR'

export function codeOf(error: unknown): string {
  // What has a code of its own keeps it, whatever step of an operation it failed in.
  const cause =
    error instanceof GraphQLError && error.originalError instanceof TributaryError ? error.originalError : error
  const code = cause instanceof TributaryError ? cause.code : codeInExtensions(cause)
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code) ? code : UNKNOWN_CODE
}

function codeInExtensions(error: unknown): unknown {
  const { extensions } = Object(error) as { extensions?: Record<string, unknown> | null }
  return extensions?.['code']
}
