// From the arguments of a connection to a page of the store, and from its rows to the connection.
import { TributaryError } from '#shared/errors.ts'
import { type Connection, type Page, type PageArguments, readPage, toConnection } from '#shared/graphql/connection.ts'
import type { MentionPosition, MentionRecord, PageOf, RankPosition } from '../domain/graph-records.ts'

type Order = readonly (string | number)[]

/** Throws BAD_USER_INPUT or CURSOR_INVALID naming the argument. */
export const readRankedPage = (page: PageArguments): PageOf<RankPosition> => readPageOf(page, rankPosition)

/** The same for mentions. */
export const readMentionPage = (page: PageArguments): PageOf<MentionPosition> => readPageOf(page, mentionPosition)

function readPageOf<Position>(page: PageArguments, positionOf: (order: Order) => Position | null): PageOf<Position> {
  const { limit, after } = readPage(page)
  const position = after === null ? null : positionOf(after)
  if (after !== null && position === null) {
    throw new TributaryError(
      'CURSOR_INVALID',
      'The argument "after" is not a cursor of this list. Pass `pageInfo.endCursor` of the page before, or leave it out.',
      { path: ['after'] },
    )
  }
  // The row beyond the page tells that there is a next one.
  return { limit: limit + 1, after: position }
}

/** `rows` are those of `page`. */
export function connectRanked<Row extends { id: string }>(
  page: PageOf<RankPosition>,
  rows: readonly Row[],
  rankOf: (row: Row) => number,
): Connection<Row> {
  return toConnection(rows, pageOfConnection(page), (row) => [rankOf(row), row.id])
}

export function connectMentions(
  page: PageOf<MentionPosition>,
  rows: readonly MentionRecord[],
): Connection<MentionRecord> {
  return toConnection(rows, pageOfConnection(page), (row) => [row.documentId, row.startOffset, row.endOffset])
}

const pageOfConnection = ({ limit }: PageOf<object>): Page => ({ limit: limit - 1, after: null })

function rankPosition([rank, id, ...more]: Order): RankPosition | null {
  return isInteger(rank) && isId(id) && more.length === 0 ? { rank, id } : null
}

function mentionPosition([documentId, startOffset, endOffset, ...more]: Order): MentionPosition | null {
  return isId(documentId) && isInteger(startOffset) && isInteger(endOffset) && more.length === 0
    ? { documentId, startOffset, endOffset }
    : null
}

/** What the stores keep: whole numbers of 32 bits. */
function isInteger(value: string | number | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31
}

function isId(value: string | number | undefined): value is string {
  return typeof value === 'string' && /^\w{1,100}$/.test(value)
}
