// The code of an error as figures, spans and log lines carry it. It comes from subgraphs too, so that only what looks like a code is one.
import { TributaryError } from '#shared/errors.ts'

export const UNKNOWN_CODE = 'INTERNAL_SERVER_ERROR'

export function codeOf(error: unknown): string {
  const code = error instanceof TributaryError ? error.code : codeInExtensions(error)
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code) ? code : UNKNOWN_CODE
}

function codeInExtensions(error: unknown): unknown {
  const { extensions } = Object(error) as { extensions?: Record<string, unknown> | null }
  return extensions?.['code']
}
