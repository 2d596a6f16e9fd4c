// The bundled GraphiQL, for where Apollo's network cannot be reached: started with the operation that a link names. Its nine megabytes are
// rendered once, at the first visit, because streams wait while they are.
import { renderGraphiQL } from '@graphql-yoga/render-graphiql'
import { TributaryError } from '#shared/errors.ts'
import { AUTHORIZATION_TEMPLATE } from '../auth/authenticate.ts'

export interface GraphiqlStart {
  /** Without one, what the visitor had open last. */
  query?: string | undefined
  /** As JSON text. */
  variables?: string | undefined
}

const OPTIONS = {
  title: 'Tributary',
  // Relative, so that it is found behind a proxy that ends TLS or adds a path.
  endpoint: 'graphql',
  subscriptionsProtocol: 'WS',
  headers: JSON.stringify({ Authorization: AUTHORIZATION_TEMPLATE }, null, 2),
} as const

/** Makes the page as UTF-8 for one visit. */
export function createGraphiqlPage(): (start: GraphiqlStart) => Buffer {
  let parts: { before: Buffer; after: Buffer } | undefined
  return ({ query, variables }) => {
    parts ??= renderAround(OPTIONS)
    // Variables only ever belong to a query: without any, those of the last visit would be taken for this one's.
    const options = { ...OPTIONS, ...(query === undefined ? {} : { query, variables: variables ?? '' }) }
    // They hold what a link says, and stand in a script.
    const json = JSON.stringify(options).replaceAll('<', String.raw`\u003c`)
    return Buffer.concat([parts.before, Buffer.from(json), parts.after])
  }
}

/** The library's page, before and after the place where its options stand. */
function renderAround(options: typeof OPTIONS): { before: Buffer; after: Buffer } {
  const page = renderGraphiQL(options)
  const json = JSON.stringify(options)
  const start = page.lastIndexOf(json)
  if (start === -1)
    throw new TributaryError('INTERNAL_SERVER_ERROR', 'GraphiQL does not take its options where they were expected.')
  return { before: Buffer.from(page.slice(0, start)), after: Buffer.from(page.slice(start + json.length)) }
}
