// Uplink as Apollo documents it, on a server of our own: what the gateway asks it, and what it makes of the answers.
import Fastify from 'fastify'
import { pino } from 'pino'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { createUplinkSource } from './uplink-source.ts'

const asked: { query: string; variables: Record<string, unknown> }[] = []
const answers: unknown[] = []
const app = Fastify()
app.post('/', async (request) => {
  asked.push(request.body as (typeof asked)[number])
  return { data: { routerConfig: answers.shift() ?? { __typename: 'Unchanged' } } }
})
const url = await app.listen({ host: '127.0.0.1', port: 0 })
afterAll(() => app.close())
beforeEach(() => {
  asked.length = 0
  answers.length = 0
})

const open = () =>
  createUplinkSource({
    apiKey: 'service:shop:0000',
    graphRef: 'shop@current',
    endpoints: [url],
    logger: pino({ level: 'silent' }),
  })
const result = (id: string, supergraphSDL: string) => ({
  __typename: 'RouterConfigResult',
  id,
  supergraphSdl: supergraphSDL,
  // As often as it may be: Uplink decides.
  minDelaySeconds: 0.02,
})

test('it asks for the graph with its key, and again for what is newer than that', async () => {
  answers.push(result('1', 'first'), { __typename: 'Unchanged' }, result('2', 'second'))
  const source = open()
  const told: string[] = []
  expect(await source.start((sdl) => told.push(sdl))).toBe('first')
  await expect.poll(() => told, { timeout: 15_000 }).toEqual(['second'])
  await source.close()
  expect(asked.slice(0, 3).map(({ variables }) => variables)).toMatchObject([
    { ref: 'shop@current', apiKey: 'service:shop:0000', ifAfterId: null },
    { ifAfterId: '1' },
    { ifAfterId: '1' },
  ])
})

test('a refusal at the start says what Uplink said', async () => {
  const refused = { __typename: 'FetchError', code: 'ACCESS_DENIED', message: 'The key is not known.' }
  answers.push(refused, refused)
  await expect(open().start(() => undefined)).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    message: expect.stringMatching(/shop@current.*The key is not known.*APOLLO_KEY/),
  })
})

test('trouble later on is survived', async () => {
  answers.push(
    result('1', 'first'),
    { __typename: 'FetchError', code: 'RETRY_LATER', message: 'Busy.' },
    result('2', 'second'),
  )
  const source = open()
  const told: string[] = []
  await source.start((sdl) => told.push(sdl))
  await expect.poll(() => told, { timeout: 20_000 }).toEqual(['second'])
  await source.close()
})
