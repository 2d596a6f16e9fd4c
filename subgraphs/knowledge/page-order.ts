// What the cursors of knowledge's lists say. A cursor is opaque to callers, but they may pass one of another list: that is refused, not
// compared.
import { TributaryError } from '#shared/errors.ts'
import type { Page } from '#shared/graphql/connection.ts'
import type { DocumentRow } from './tables.ts'

/** Place of a document among the others of its knowledge base. */
export const documentOrder = (row: DocumentRow): [string, string] => [row.createdAt.toISOString(), row.id]

/** Null on the first page. */
export function readDocumentOrder({ after }: Page): { createdAt: string; id: string } | null {
  if (after === null) return null
  const [createdAt, id] = after
  if (typeof createdAt !== 'string' || !isTime(createdAt) || typeof id !== 'string' || id.includes('\0'))
    throw foreignCursor()
  return { createdAt, id }
}

/** -1 on the first page. */
export function readOrdinal({ after }: Page): number {
  if (after === null) return -1
  const [ordinal] = after
  if (typeof ordinal !== 'number' || !Number.isInteger(ordinal) || Math.abs(ordinal) > 1e9) throw foreignCursor()
  return ordinal
}

/** For lists in the order of their ids; null on the first page. */
export function readIdOrder({ after }: Page): string | null {
  if (after === null) return null
  const [id] = after
  if (typeof id !== 'string' || after.length !== 1 || id.includes('\0')) throw foreignCursor()
  return id
}

const isTime = (text: string) =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !Number.isNaN(Date.parse(text))

const foreignCursor = () =>
  new TributaryError(
    'CURSOR_INVALID',
    'The argument "after" is a cursor of another list. Pass `pageInfo.endCursor` of the page before, or leave it out.',
    { path: ['after'] },
  )
