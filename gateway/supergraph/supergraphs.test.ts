// Which supergraph serves: the newest that is valid.
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { readFile } from 'node:fs/promises'
import type { SupergraphSource } from './supergraph-source.ts'
import { openSupergraphs } from './supergraphs.ts'
import type { LoadedSupergraph } from './load-supergraph.ts'

const first = await readFile(new URL('../../schema/supergraph.graphql', import.meta.url), 'utf8')
const second = `${first}\n# changed`
const GUARDED = first.replace(/^schema$/m, 'schema\n  @link(url: "https://example.com/guarded/v1.0", for: SECURITY)\n')

async function openTold(sdl: string) {
  let tell: (sdl: string) => void = () => undefined
  let isClosed = false
  const source: SupergraphSource = {
    async start(onChange) {
      tell = onChange
      return sdl
    },
    async close() {
      isClosed = true
    },
  }
  const logged: { msg: string; err?: { message: string } }[] = []
  const logger = pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line)) })
  const retired: LoadedSupergraph[] = []
  const supergraphs = await openSupergraphs<{ supergraph: LoadedSupergraph; previous: string | null }>({
    source,
    prepare: async (supergraph, previous) => ({ supergraph, previous: previous?.supergraph.id ?? null }),
    retire: ({ supergraph }) => void retired.push(supergraph),
    logger,
  }).catch((error: unknown) => {
    expect(isClosed).toBe(true)
    throw error
  })
  return { supergraphs, tell: (text: string) => tell(text), logged, retired }
}

test('a newer one is prepared from the one before, and serves then; operations find their own', async () => {
  const { supergraphs, tell, retired } = await openTold(first)
  const before = supergraphs.current()
  expect(before.previous).toBe(null)
  const replaced = new Promise((resolve) => supergraphs.onReplaced(resolve))
  tell(second)
  expect(supergraphs.current()).toBe(before)
  await replaced
  const after = supergraphs.current()
  expect(after.previous).toBe(before.supergraph.id)
  expect(after.supergraph.sdl).toBe(second)
  expect(supergraphs.ofSchema(before.supergraph.apiSchema)).toBe(before)
  expect(supergraphs.ofSchema(after.supergraph.apiSchema)).toBe(after)
  await supergraphs.close()
  expect(retired).toEqual([before.supergraph])
})

test.each([
  ['no GraphQL', 'this is no schema {', /Syntax Error/],
  ['no supergraph', 'type Query { ping: String }', /not valid/],
  ['of a security feature that is not known', GUARDED, /guarded/],
])(
  'one that is %s is refused with its reason: the one before serves on, and later ones are taken',
  async (_, sdl, reason) => {
    const { supergraphs, tell, logged } = await openTold(first)
    const before = supergraphs.current()
    const replaced = new Promise((resolve) => supergraphs.onReplaced(resolve))
    tell(sdl)
    tell(second)
    await replaced
    expect(logged.map(({ msg }) => msg)).toEqual([
      'a supergraph was refused; the one before serves on',
      'another supergraph serves',
    ])
    expect(logged[0]!.err!.message).toMatch(reason)
    expect(supergraphs.current().previous).toBe(before.supergraph.id)
    await supergraphs.close()
  },
)

test('a first one that is not valid is no start', async () => {
  await expect(openTold('type Query { ping: String }')).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
})

test('the same text once more changes nothing', async () => {
  const { supergraphs, tell, logged } = await openTold(first)
  const before = supergraphs.current()
  tell(first)
  await supergraphs.close()
  expect(supergraphs.current()).toBe(before)
  expect(logged).toEqual([])
})
