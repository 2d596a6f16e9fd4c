// An entity that stands at many places of a result is asked for, filled and shaped once, and clients see it, and what is wrong with it, at each.
import { afterAll, afterEach, expect, test } from 'vitest'
import { errorsOf } from './testing/compare-answers.ts'
import { executeOurs, prepareForTest } from './testing/prepare-for-test.ts'
import { openShop } from './testing/shop.ts'
import { writeJson } from './write-json.ts'

const graph = await openShop()
afterAll(() => graph[Symbol.asyncDispose]())
afterEach(() => graph.interfere(null))

/** Items have reviews of the same few users, whose friends are those users again. */
const REPEATED = `{
  items(first: 5) { ... on Book { reviews { ...Authors } } ... on Film { opinions: reviews { ...Authors } } }
}
fragment Authors on Review { author { friends(first: 3) { nickname store { name } } } }`

async function ask(source: string) {
  const prepared = prepareForTest(graph, source, {})!
  const monolith = await graph.executeMonolith(prepared.document, {})
  graph.takeRequests()
  const answer = await executeOurs(graph, prepared)
  return { answer, monolith }
}

test('what is wrong with an entity is told wherever it stands', async () => {
  const { answer, monolith } = await ask(REPEATED)
  expect(answer.data).toEqual(monolith.data)
  expect(writeJson(answer.data!)).toBe(JSON.stringify(answer.data))
  expect(errorsOf(answer.errors)).toEqual(errorsOf(monolith.errors))
  const secrets = errorsOf(answer.errors).filter(({ path }) => path.endsWith('nickname'))
  expect(secrets.length).toBeGreaterThan(1)
})

test('a value that does not fit its type is told of at each place', async () => {
  graph.interfere(async (subgraph, answered) => {
    const response = await answered()
    return subgraph === 'shipping'
      ? (JSON.parse(JSON.stringify(response).replaceAll(/"name":"Store \d"/g, '"name":{}')) as typeof response)
      : response
  })
  const prepared = prepareForTest(graph, REPEATED.replace('nickname', ''), {})!
  const { data, errors } = await executeOurs(graph, prepared)
  type Review = { author: { friends: { store: unknown }[] } } | null
  interface Item {
    reviews?: Review[]
    opinions?: Review[]
  }
  const friends = (data as { items: (Item | null)[] }).items
    .flatMap((item) => item?.reviews ?? item?.opinions ?? [])
    .flatMap((review) => review?.author.friends ?? [])
    .filter(({ store }) => store !== null)
  expect(friends.length).toBeGreaterThan(2)
  expect(errors?.length).toBe(friends.length)
  expect(new Set(errors?.map(({ path }) => path?.join('.'))).size).toBe(friends.length)
})
