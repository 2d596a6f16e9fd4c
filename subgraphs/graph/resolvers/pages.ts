// From the arguments of a connection to a page of the store, and from its rows to the connection.
import { TributaryError } from '#shared/errors.ts'
import { type Connection, type PageArguments, readPage, toConnection } from '#shared/graphql/connection.ts'
import type { MentionPosition, MentionRecord, PageOf, RankPosition } from '../domain/graph-records.ts'

type Order = readonly (string | number)[]

async function connect<Position, Row>(
  page: PageArguments,
  positionOf: (order: Order) => Position | null,
  orderOf: (row: Row) => Order,
  load: (page: PageOf<Position>) => Promise<readonly Row[]>,
): Promise<Connection<Row>> {
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
  const rows = await load({ limit: limit + 1, after: position })
  return toConnection(rows, { limit, after }, orderOf)
}

export function connectRanked<Row extends { id: string }>(
  page: PageArguments,
  rankOf: (row: Row) => number,
  load: (page: PageOf<RankPosition>) => Promise<readonly Row[]>,
): Promise<Connection<Row>> {
  return connect(page, rankPosition, (row) => [rankOf(row), row.id], load)
}

export function connectMentions(
  page: PageArguments,
  load: (page: PageOf<MentionPosition>) => Promise<readonly MentionRecord[]>,
): Promise<Connection<MentionRecord>> {
  return connect(page, mentionPosition, (row) => [row.documentId, row.startOffset, row.endOffset], load)
}

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
