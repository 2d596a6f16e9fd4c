// What the cursors of ingestion's lists say. A cursor is opaque to callers, but they may pass one of another list: that is refused, not
// compared.
import { TributaryError } from '#shared/errors.ts'
import type { Page } from '#shared/graphql/connection.ts'
import { hasPrefix } from '#shared/ids.ts'

/** Of the job that the page begins behind; null on the first page. */
export function readJobOrder({ after }: Page): string | null {
  if (after === null) return null
  const [id] = after
  if (typeof id !== 'string' || after.length !== 1 || !hasPrefix(id, 'job')) throw foreignCursor()
  return id
}

/** Ordinal of the item that the page begins behind; 0 on the first page, as ordinals count from 1. */
export function readItemOrder({ after }: Page): number {
  if (after === null) return 0
  const [ordinal] = after
  if (typeof ordinal !== 'number' || after.length !== 1 || !Number.isInteger(ordinal) || Math.abs(ordinal) > 1e9)
    throw foreignCursor()
  return ordinal
}

const foreignCursor = () =>
  new TributaryError(
    'CURSOR_INVALID',
    'The argument "after" is a cursor of another list. Pass `pageInfo.endCursor` of the page before, or leave it out.',
    { path: ['after'] },
  )
