// What an operation was told of an entity it does not ask again, and clients see nothing of it.
import { afterAll, afterEach, expect, test } from 'vitest'
import type { Interfere } from './testing/open-supergraph.ts'
import { executeOurs, prepareForTest } from './testing/prepare-for-test.ts'
import { openShop } from './testing/shop.ts'

const graph = await openShop()
afterAll(() => graph[Symbol.asyncDispose]())
afterEach(() => graph.interfere(null))

/** The store of a user, and of those who wrote their reviews: the same user among them. */
const AGAIN = `query ($deep: Boolean = true) {
  me { store { name } reviews(first: 4) { author { store @include(if: $deep) { name } reviews { author { store { name } } } } } }
}`

async function ask(source: string, how: Interfere | null = null) {
  const prepared = prepareForTest(graph, source, {})!
  graph.interfere(null)
  const monolith = await graph.executeMonolith(prepared.document, {})
  graph.interfere(how)
  graph.takeRequests()
  const answer = await executeOurs(graph, prepared)
  const asked = graph.takeRequests().filter(({ subgraph }) => subgraph === 'shipping')
  const users = asked.map(({ variables }) =>
    (JSON.parse(variables) as { representations: { id: string }[] }).representations.map(({ id }) => id),
  )
  return { answer, monolith, users }
}

test('an entity is asked for once, however deep it comes again', async () => {
  const { answer, monolith, users } = await ask(AGAIN)
  expect(answer).toEqual(monolith)
  expect(users.length).toBeGreaterThan(1)
  expect(users.flat().toSorted()).toEqual([...new Set(users.flat())].toSorted())
})

test('what was told with an error is asked again', async () => {
  let count = 0
  const { answer, monolith, users } = await ask(AGAIN, async (subgraph, answered) => {
    const response = await answered()
    if (subgraph !== 'shipping' || (count += 1) > 1) return response
    return { ...response, errors: [{ message: 'Not all of it is true.' }] }
  })
  expect(answer.data).toEqual(monolith.data)
  expect(answer.errors).toHaveLength(1)
  expect(users.flat().filter((id) => id === 'u1').length).toBeGreaterThan(1)
})

test('what an entity is told at one place is not seen at another that did not ask for it', async () => {
  const { answer, monolith } = await ask(`{
    me { store { name } reviews(first: 4) { author { store { name } friends { name } reviews { author { store { name } nickname } } } } }
  }`)
  expect(answer.data).toEqual(monolith.data)
})
