// The pages for people: what they link opens ready to run, wherever the gateway is reached from.
import { afterAll, expect, test } from 'vitest'
import { readExampleOperations } from './example-operations.ts'
import { startTwoSubgraphs } from '../two-subgraphs.fixture.ts'

const { gateway, post, close } = await startTwoSubgraphs()
afterAll(close)

const operations = await readExampleOperations(new URL('../../schema/operations/', import.meta.url))
const HEADERS = { Authorization: 'Bearer <API key>' }

const get = async (url: string, headers: Record<string, string> = {}) =>
  (await fetch(new URL(url, gateway.origin), { headers })).text()
const linksOf = (page: string, to: string): URL[] =>
  [...page.matchAll(/href="([^"]+)"/g)]
    .map(([, href]) => new URL(href!.replaceAll('&amp;', '&'), gateway.origin))
    .filter((url) => (url.origin + url.pathname).endsWith(to) && url.search !== '')

/** What the bundled GraphiQL is started with: the argument of the last call of its page. */
async function graphiqlOptions(url: string) {
  const page = Buffer.from(await (await fetch(new URL(url, gateway.origin))).arrayBuffer())
  const call = page.subarray(page.lastIndexOf('YogaGraphiQL.renderYogaGraphiQL(')).toString()
  const [, options] = /^[^(]*\(\s*window\.document\.querySelector\('#root'\),\s*(\{.*\}),\s*\);\s*<\/script>/.exec(
    call,
  )!
  return JSON.parse(options!)
}

test('every example operation opens in GraphiQL with its query, its variables and a place for the key', async () => {
  const links = linksOf(await get('/'), '/graphiql')
  expect(links).toHaveLength(operations.length)
  for (const [index, { document, variables }] of operations.entries()) {
    const options = await graphiqlOptions(links[index]!.href)
    expect(options).toMatchObject({ query: document, variables, subscriptionsProtocol: 'WS' })
    expect(JSON.parse(options.headers)).toEqual(HEADERS)
    expect(new URL(options.endpoint, links[index]).pathname).toBe('/graphql')
  }
})

test('GraphiQL without an operation leaves the query and variables of the last visit alone', async () => {
  const options = await graphiqlOptions('/graphiql')
  expect(options).not.toHaveProperty('query')
  expect(options).not.toHaveProperty('variables')
  expect(JSON.parse(options.headers)).toEqual(HEADERS)
})

test('what a link says stays data in the page', async () => {
  const query = '# </script><script>alert(1)</script> $& <!--'
  const url = `/graphiql?${new URLSearchParams({ query })}&variables=1&variables=2`
  expect(await get(url)).not.toContain('alert(1)</script>')
  expect(await graphiqlOptions(url)).toMatchObject({ query, variables: '' })
})

test('every example operation opens in Sandbox with its query, its variables and a place for the key', async () => {
  const links = linksOf(await get('/'), '/sandbox/explorer')
  expect(links).toHaveLength(operations.length)
  for (const [index, { document, variables }] of operations.entries()) {
    const { headers, ...given } = Object.fromEntries(links[index]!.searchParams)
    expect(given).toEqual({ endpoint: gateway.url, document, ...(variables ? { variables } : {}) })
    expect(JSON.parse(headers!)).toEqual(HEADERS)
  }
})

test('behind a proxy that ends TLS, Sandbox is pointed at https; no other word is believed', async () => {
  const endpointFor = async (forwarded: string) => {
    const [link] = linksOf(await get('/', { 'x-forwarded-proto': forwarded }), '/sandbox/explorer')
    return new URL(link!.searchParams.get('endpoint')!).protocol
  }
  expect(await endpointFor('https')).toBe('https:')
  expect(await endpointFor('https, http')).toBe('https:')
  expect(await endpointFor('http')).toBe('http:')
  expect(await endpointFor('javascript')).toBe('http:')
})

test('the index page says where the key is', async () => {
  const page = await get('/')
  expect(page).toContain('Authorization: Bearer &lt;API key&gt;')
  expect(page).toContain('.tributary/credentials.json')
  expect(page).toContain('npx tributary keys create')
})

test('Sandbox opens on an example with a place for the key, and reads the schema before it is filled in', async () => {
  const page = await get('/graphql', { accept: 'text/html' })
  const [, configuration] = /embeddedSandboxConfig = (.*);/.exec(page)!
  const { document, headers } = JSON.parse(configuration!).initialState
  expect(document).toBe(operations.find(({ name }) => name === 'Viewer')!.document)
  expect(headers).toEqual(HEADERS)

  const unfilled = { authorization: HEADERS.Authorization }
  expect((await post('{ __schema { queryType { name } } }', unfilled)).body.data.__schema.queryType.name).toBe('Query')
  const { status, body } = await post('{ ping }', unfilled)
  expect([status, body.errors[0].extensions.code]).toEqual([401, 'UNAUTHENTICATED'])
  expect(body.errors[0].message).toContain('No credentials were sent')
})

test('health, readiness and metrics answer', async () => {
  expect(JSON.parse(await get('/health'))).toEqual({
    status: 'live',
    supergraph: { id: expect.stringMatching(/^[0-9a-f]{64}$/) },
  })
  expect(JSON.parse(await get('/ready'))).toEqual({ status: 'ready' })
  expect(await get('/metrics')).toContain('tributary_gateway_operation_duration_seconds')
})
