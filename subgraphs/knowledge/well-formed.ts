// Ids from callers, before they reach a statement: a malformed one is simply unknown, and PostgreSQL refuses some characters outright.
import { hasPrefix } from '#shared/ids.ts'

export const wellFormed = (ids: readonly string[], prefix: 'kb' | 'doc' | 'chunk' | 'ans'): string[] =>
  ids.filter((id) => hasPrefix(id, prefix))
