// Reads a connection to its end, page by page.
import type { Endpoint, Variables } from './endpoint.ts'
import type { PageInfo } from './shapes.ts'

export interface Page<Item> {
  edges?: readonly { node: Item }[]
  nodes?: readonly Item[]
  pageInfo: PageInfo
}

const PAGE_SIZE = 100

export async function readAll<Data, Item>(options: {
  endpoint: Endpoint
  operationName: string
  variables?: Variables
  pageOf: (data: Data) => Page<Item>
  /** Most items to read. Default 1,000. */
  limit?: number
  signal?: AbortSignal | undefined
}): Promise<Item[]> {
  const { endpoint, operationName, pageOf, limit = 1000, signal } = options
  const items: Item[] = []
  let after: string | null = null
  do {
    const data: Data = await endpoint.request(
      operationName,
      { ...options.variables, first: Math.min(PAGE_SIZE, limit), after },
      signal,
    )
    const page = pageOf(data)
    items.push(...(page.nodes ?? page.edges?.map(({ node }) => node) ?? []))
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
  } while (after !== null && items.length < limit)
  return items
}
