// Reads a connection to its end, page by page.
import type { Endpoint, Variables } from './endpoint.ts'
import type { PageInfo } from './shapes.ts'

interface Page<Item> {
  edges?: readonly { node: Item }[]
  nodes?: readonly Item[]
  pageInfo: PageInfo
}

const PAGE_SIZE = 100

export async function readAll<Item>(options: {
  endpoint: Endpoint
  operationName: string
  variables?: Variables
  /** The field of the answer that is the connection. */
  field: string
  /** Most items to read. Default 1,000. */
  limit?: number
  signal?: AbortSignal | undefined
}): Promise<Item[]> {
  const { endpoint, operationName, field, limit = 1000, signal } = options
  const items: Item[] = []
  let after: string | null = null
  do {
    const data = await endpoint.request<Record<string, Page<Item>>>(
      operationName,
      { ...options.variables, first: Math.min(PAGE_SIZE, limit), after },
      signal,
    )
    const page: Page<Item> = data[field]!
    items.push(...(page.nodes ?? page.edges?.map(({ node }) => node) ?? []))
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
  } while (after !== null && items.length < limit)
  return items
}
