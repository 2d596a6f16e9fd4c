// Forward paging by cursor (https://relay.dev/graphql/connections.htm): a cursor names the last row's place in a stable order.
import { TributaryError } from '../errors.ts'

export interface PageArguments {
  first?: number | null
  after?: string | null
}

export interface Page {
  /** 1 to 100. */
  limit: number
  /** Ordering values of the row before the page, or null for the first page. */
  after: readonly (string | number)[] | null
}

export interface Connection<Row> {
  edges: { cursor: string; node: Row }[]
  nodes: Row[]
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
}

export const PAGE_DEFAULT = 50
export const PAGE_MAXIMUM = 100

/** Checks `first` and `after`. Throws BAD_USER_INPUT or CURSOR_INVALID naming the argument. */
export function readPage({ first, after }: PageArguments): Page {
  const limit = first ?? PAGE_DEFAULT
  if (limit < 1 || limit > PAGE_MAXIMUM) {
    throw new TributaryError('BAD_USER_INPUT', `The argument "first" is ${limit}; pass 1 to ${PAGE_MAXIMUM}.`, {
      path: ['first'],
    })
  }
  return { limit, after: after == null ? null : decodeCursor(after) }
}

/** Builds the connection from up to `limit + 1` rows: the extra one only tells that there is a next page. */
export function toConnection<Row>(
  rows: readonly Row[],
  page: Page,
  orderOf: (row: Row) => readonly (string | number)[],
): Connection<Row> {
  const nodes = rows.slice(0, page.limit)
  const edges = nodes.map((node) => ({ cursor: encodeCursor(orderOf(node)), node }))
  return { edges, nodes, pageInfo: { hasNextPage: rows.length > page.limit, endCursor: edges.at(-1)?.cursor ?? null } }
}

const encodeCursor = (order: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(order)).toString('base64url')

function decodeCursor(cursor: string): (string | number)[] {
  try {
    const order: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (
      Array.isArray(order) &&
      order.length > 0 &&
      order.every((part) => typeof part === 'string' || typeof part === 'number')
    )
      return order
  } catch {
    // Falls through to the one answer for every malformed cursor.
  }
  throw new TributaryError(
    'CURSOR_INVALID',
    'The argument "after" is not a cursor of this list. Pass `pageInfo.endCursor` of the page before, or leave it out.',
    {
      path: ['after'],
    },
  )
}
