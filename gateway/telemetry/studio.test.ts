// What a gateway reports to Apollo Studio, as doubles on loopback decode it.
import { afterEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { startTwoSubgraphs } from '../two-subgraphs.fixture.ts'
import { QUIET_TELEMETRY, telemetrySettings, telemetryVariables, type StudioSettings } from './settings.ts'
import { startStudioDoubles } from './testing/studio-doubles.ts'

const GRAPH = { apiKey: 'service:shop:secret-key', graphRef: 'shop@current' }
const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0)

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const close of closing.splice(0).reverse()) await close()
})

async function startReporting(studio: Omit<StudioSettings, 'usageUrl' | 'schemaUrl'> | null, usageStatus = 200) {
  const doubles = await startStudioDoubles({ usageStatus })
  closing.push(() => doubles.close())
  const { usageUrl, schemaUrl } = doubles
  const graph = await startTwoSubgraphs({
    telemetry: { ...QUIET_TELEMETRY, studio: studio && { ...studio, usageUrl, schemaUrl } },
  })
  let isClosed = false
  const close = async () => {
    if (isClosed) return
    isClosed = true
    await graph.close()
  }
  closing.push(close)
  const ask = (query: string, variables: Record<string, unknown> = {}) =>
    fetch(graph.url, {
      method: 'POST',
      headers: {
        authorization: 'Bearer viewer',
        'content-type': 'application/json',
        'x-tracked': 'private-header',
        'apollographql-client-name': 'web',
        'apollographql-client-version': '1.2',
      },
      body: JSON.stringify({ query, variables }),
    })
  return { ...graph, close, ask, doubles }
}

test('operations are reported by signature with their counts and clients; values, headers and messages are not', async () => {
  const { ask, close, doubles } = await startReporting({ ...GRAPH, reportsSchema: false })
  const query = 'query Typed($name: String!) { __type(name: $name) { name } engines { id secret } }'
  for (let count = 0; count < 2; count += 1) await ask(query, { name: `private-${count}` })
  const { errors } = (await (await ask(query, { name: 'private-2' })).json()) as { errors: { message: string }[] }
  await ask('{ engines { id } }')
  // Of what could not be executed a whole trace is sent.
  await ask('query Wrong($name: String!) { nothing(name: $name) }', { name: 'private-3' })
  await close()

  expect(doubles.usage.length).toBeGreaterThan(0)
  const [{ headers, report }] = doubles.usage as [(typeof doubles.usage)[number]]
  expect(headers).toMatchObject({ 'x-api-key': GRAPH.apiKey, 'content-encoding': 'gzip' })
  expect(report.header).toMatchObject({ graphRef: GRAPH.graphRef })
  const reported = doubles.usage.flatMap(({ report }) => Object.entries(report.tracesPerQuery ?? {}))
  const signatures = new Set(reported.map(([signature]) => signature))
  expect([...signatures].sort()).toEqual([
    '# -\n{engines{id}}',
    '# Typed\nquery Typed($name:String!){__type(name:$name){name}engines{id secret}}',
    '## GraphQLValidationFailure\n',
  ])
  const requests = (of: string) =>
    reported
      .filter(([signature]) => signature.startsWith(of))
      .map(([, { trace, statsWithContext }]) => {
        const stats = statsWithContext as { queryLatencyStats?: { requestCount?: number } }[] | undefined
        return (
          (trace?.length ?? 0) + sum((stats ?? []).map(({ queryLatencyStats }) => queryLatencyStats?.requestCount ?? 0))
        )
      })
  expect([sum(requests('# Typed')), sum(requests('# -'))]).toEqual([3, 1])
  const all = doubles.usage.map(({ bytes }) => bytes).join('')
  expect(all).toContain('web')
  for (const secret of ['private-', 'x-tracked', 'Bearer', 'viewer', 'secret-key', 'Cannot query', errors[0]!.message])
    expect(all).not.toContain(secret)
  expect(doubles.schemas).toEqual([])
})

test('the schema is reported, first by its hash, then whole when Studio asks for it; the end is clean', async () => {
  const { close, doubles } = await startReporting({ ...GRAPH, reportsSchema: true })
  await vi.waitFor(() => expect(doubles.schemas).toHaveLength(2), { interval: 10, timeout: 10_000 })
  const [announced, whole] = doubles.schemas
  expect(announced).toMatchObject({ headers: { 'x-api-key': GRAPH.apiKey }, variables: { coreSchema: null } })
  expect(announced!.variables.report).toMatchObject({ graphRef: GRAPH.graphRef, coreSchemaHash: expect.any(String) })
  expect(whole!.variables.coreSchema).toContain('join__Graph')
  expect(whole!.variables.report).toEqual(announced!.variables.report)
  await close()
  expect(doubles.schemas).toHaveLength(2)
})

test.each([
  ['true', 2],
  ['false', 0],
])('APOLLO_SCHEMA_REPORTING=%s counts for the schema, not for usage', async (isReported, schemaCount) => {
  // Apollo Server would read it by itself.
  vi.stubEnv('APOLLO_KEY', GRAPH.apiKey)
  vi.stubEnv('APOLLO_GRAPH_REF', GRAPH.graphRef)
  vi.stubEnv('APOLLO_SCHEMA_REPORTING', 'true')
  const { studio } = telemetrySettings(
    z.object(telemetryVariables).parse({
      APOLLO_KEY: GRAPH.apiKey,
      APOLLO_GRAPH_REF: GRAPH.graphRef,
      APOLLO_SCHEMA_REPORTING: isReported,
    }),
  )
  const { ask, close, doubles } = await startReporting(studio)
  await ask('{ engines { id } }')
  await vi.waitFor(() => expect(doubles.schemas).toHaveLength(schemaCount), { interval: 10, timeout: 10_000 })
  await close()
  expect(doubles.usage.length).toBeGreaterThan(0)
  expect(doubles.schemas).toHaveLength(schemaCount)
  expect(new Set(doubles.paths)).toEqual(new Set(['/api/ingress/traces', ...(schemaCount ? ['/api/graphql'] : [])]))
})

test('a Studio that fails costs no request, and does not hold up the end', async () => {
  const { ask, close, doubles } = await startReporting({ ...GRAPH, reportsSchema: false }, 500)
  expect((await ask('{ engines { id } }')).status).toBe(200)
  const startedAtMs = performance.now()
  await close()
  expect(performance.now() - startedAtMs).toBeLessThan(6000)
  expect(doubles.usage.length).toBeGreaterThan(0)
})

test('a key in the environment alone makes nobody report anything', async () => {
  vi.stubEnv('APOLLO_KEY', GRAPH.apiKey)
  vi.stubEnv('APOLLO_GRAPH_REF', GRAPH.graphRef)
  const asked = vi.spyOn(globalThis, 'fetch')
  const { ask, close } = await startReporting(null)
  await ask('{ engines { id } }')
  await close()
  const urls = asked.mock.calls.map(([asked]) => new Request(asked).url)
  asked.mockRestore()
  expect(urls.filter((url) => !url.startsWith('http://127.0.0.1'))).toEqual([])
})
