// A supergraph is replaced while the gateway serves: new operations run on it, those that run finish on the one they began with.
import { readFile, rename, writeFile } from 'node:fs/promises'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { startTwoSubgraphs } from '../two-subgraphs.fixture.ts'

const fixture = await startTwoSubgraphs()
const { url, supergraphFile, post, connect } = fixture
afterAll(fixture.close)
const first = await readFile(supergraphFile, 'utf8')
/** Engines have no `secret` any more. */
const second = first.replace(/^ *secret: String.*\n/m, '')
const AS_EDITOR = { authorization: 'Bearer editor' }

const servingId = async (): Promise<string> =>
  ((await (await fetch(new URL('/health', url))).json()) as { supergraph: { id: string } }).supergraph.id

async function replaceBy(sdl: string): Promise<void> {
  const before = await servingId()
  await writeFile(`${supergraphFile}.next`, sdl)
  await rename(`${supergraphFile}.next`, supergraphFile)
  await expect.poll(servingId, { timeout: 15_000 }).not.toBe(before)
}

beforeEach(async () => {
  if ((await readFile(supergraphFile, 'utf8')) !== first) await replaceBy(first)
})

test('a newer one serves new operations, over HTTP and over WebSocket', async () => {
  const query = '{ engines { secret } }'
  expect((await post(query, AS_EDITOR)).body).toEqual({ data: { engines: [{ secret: 's' }] } })
  await replaceBy(second)
  const { body } = await post(query, AS_EDITOR)
  expect(body.errors[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
  const client = connect('editor')
  await expect(client.iterate({ query }).next()).rejects.toMatchObject([
    { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
  ])
  await client.dispose()
  expect((await post('{ engines { name } }', AS_EDITOR)).body).toEqual({ data: { engines: [{ name: 'Engine one' }] } })
})

test('what was asked before is planned before a newer one serves', async () => {
  const headers = { authorization: 'Bearer admin', 'tributary-query-plan': 'true' }
  const isPlanKept = async (query: string) => (await post(query, headers)).body.extensions.queryPlan.isCached
  const asked = '{ ping engines { id name } }'
  await post('{ engines { id secret } }', AS_EDITOR)
  expect(await isPlanKept(asked)).toBe(false)
  await replaceBy(second)
  expect(await isPlanKept(asked)).toBe(true)
  expect(await isPlanKept('{ ping engines { id } }')).toBe(false)
})

test('a stream that runs goes on with the fields of the one it began with', async () => {
  const client = connect('editor')
  const stream = client.iterate({
    query: 'subscription { paced { ... on Token { words: text engine { secret } } } }',
  })
  const next = async () => (await stream.next()).value
  fixture.pace()
  expect(await next()).toMatchObject({ data: { paced: { words: 't1', engine: { secret: 's' } } } })
  await replaceBy(second)
  fixture.pace()
  expect(await next()).toMatchObject({ data: { paced: { words: 't2', engine: { secret: 's' } } } })
  await stream.return?.()
  await client.dispose()
})
