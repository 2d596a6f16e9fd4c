// Entity fetches of one subgraph that could be sent at the same time: which are one request, and that clients see nothing of it.
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { TributaryError } from '#shared/errors.ts'
import type { SubgraphResponse } from '../subgraphs/subgraph-client.ts'
import { errorsOf } from './testing/compare-answers.ts'
import type { Interfere } from './testing/open-supergraph.ts'
import { executeOurs, prepareForTest } from './testing/prepare-for-test.ts'
import { openShop } from './testing/shop.ts'

const graph = await openShop()
afterAll(() => graph[Symbol.asyncDispose]())
afterEach(() => graph.interfere(null))

/** The same of users at two places. */
const EQUALS = `{
  topItem { ... on Book { author { reviews { stars } } } }
  items(first: 3) { ... on Book { author { reviews { stars } } } }
}`
/** Something else of books and of users. */
const OTHERS = `
  query ($first: Int = 1) { topItem { ... on Book { averageStars author { reviews(first: $first) { ...R } } } } }
  fragment R on Review { stars body }`
/** The same of users at two places, something of users' reviews at one, and further fetches at both. */
const FOLLOWED = `{
  topItem { ... on Book { author { reviews { stars about { title } } } averageStars } }
  book(isbn: "isbn-1") { author { reviews { stars about { title } } } }
}`

async function ask(source: string, variables: Record<string, unknown> = {}, how: Interfere | null = null) {
  const prepared = prepareForTest(graph, source, variables)!
  graph.interfere(null)
  const [monolith, stock] = [
    await graph.executeMonolith(prepared.document, variables),
    await graph.executeStock(prepared),
  ]
  graph.interfere(how)
  graph.takeRequests()
  const answer = await executeOurs(graph, prepared)
  return { answer, monolith, stock, requests: graph.takeRequests().map(({ subgraph }) => subgraph) }
}

test('fetches that ask the same are one list of representations, each once', async () => {
  const prepared = prepareForTest(graph, EQUALS)!
  graph.takeRequests()
  const answer = await executeOurs(graph, prepared)
  const requests = graph.takeRequests()
  expect(requests.map(({ subgraph }) => subgraph)).toEqual(['products', 'reviews'])
  expect(JSON.parse(requests[1]!.variables)).toEqual({
    representations: [
      { __typename: 'User', id: 'u1' },
      { __typename: 'User', id: 'u2' },
    ],
  })
  expect(answer).toEqual(await graph.executeMonolith(prepared.document, {}))
})

test('fetches that ask otherwise are fields of one operation', async () => {
  const { answer, monolith, requests } = await ask(OTHERS, { first: 2 })
  expect(requests).toEqual(['products', 'reviews'])
  expect(answer).toEqual(monolith)
})

test('where only one of them has anything to ask, it is sent as it is', async () => {
  // This book has no author.
  const source = '{ book(isbn: "isbn-2") { averageStars author { reviews { stars } } } }'
  const prepared = prepareForTest(graph, source)!
  graph.takeRequests()
  expect(await executeOurs(graph, prepared)).toEqual(await graph.executeMonolith(prepared.document, {}))
  const [, fetched, ...others] = graph.takeRequests()
  expect(others).toEqual([])
  expect(fetched!.query).not.toContain('_tributary_')
})

test('what follows equal fetches is joined, too; nothing waits for a fetch that it does not need', async () => {
  const { answer, monolith, requests } = await ask(FOLLOWED)
  expect(requests).toEqual(['products', 'reviews', 'reviews', 'products'])
  expect(answer).toEqual(monolith)
})

test('an error stands at every place that asked', async () => {
  const { answer } = await ask(EQUALS, {}, async (subgraph, answered) => {
    const response = await answered()
    if (subgraph !== 'reviews') return response
    const [first, ...others] = response.data!['_entities'] as unknown[]
    expect(first).toBeDefined()
    return {
      data: { _entities: [{ reviews: null }, ...others] },
      errors: [{ message: 'No.', path: ['_entities', 0, 'reviews'], extensions: { code: 'NO' } }],
    }
  })
  expect(errorsOf(answer.errors)).toEqual([
    { path: 'items.0.author.reviews', code: 'NO' },
    { path: 'topItem.author.reviews', code: 'NO' },
  ])
})

test('an error of one of several fields is known by its name', async () => {
  const { answer } = await ask(OTHERS, {}, async (subgraph, answered) => {
    const response = await answered()
    if (subgraph !== 'reviews') return response
    const name = Object.keys(response.data!).find((key) =>
      JSON.stringify(response.data![key]).includes('averageStars'),
    )!
    return {
      data: { ...response.data, [name]: [null] },
      errors: [{ message: 'No.', path: [name, 0, 'averageStars'], extensions: { code: 'NO' } }],
    }
  })
  expect(errorsOf(answer.errors)).toEqual([{ path: 'topItem.averageStars', code: 'NO' }])
  expect(answer.data).toMatchObject({ topItem: { author: { reviews: [{ stars: 1 }] } } })
})

describe.each([
  ['equal', EQUALS],
  ['different', OTHERS],
])('of %s fetches', (_, source) => {
  test('a failure of the one request is one of each, at its place, as stock tells it', async () => {
    const fail: Interfere = async (subgraph, answered) => {
      if (subgraph !== 'reviews') return answered()
      throw new TributaryError('UPSTREAM_TIMED_OUT', 'The subgraph did not answer in time.')
    }
    const { answer, requests } = await ask(source, {}, fail)
    expect(requests.filter((subgraph) => subgraph === 'reviews')).toHaveLength(1)
    const prepared = prepareForTest(graph, source)!
    const stock = await graph.executeStock(prepared)
    expect(answer.data).toEqual(stock.data)
    expect(answer.errors).toHaveLength(2)
    expect(new Set(answer.errors?.map(({ extensions }) => extensions?.['code']))).toEqual(
      new Set(['UPSTREAM_TIMED_OUT']),
    )
  })

  const FIRST_ANSWERS: [what: string, how: (answered: () => Promise<SubgraphResponse>) => Promise<SubgraphResponse>][] =
    [
      ['has no data', async () => ({ data: null, errors: [{ message: 'One of them broke all.' }] })],
      [
        'has an error that says not where',
        async (answered) => ({ ...(await answered()), errors: [{ message: 'Hm.' }] }),
      ],
      ['is of another length', async () => ({ data: { _entities: [], _tributary_0_entities: [] } })],
      [
        'is that the request cannot be answered',
        () => Promise.reject(new TributaryError('CAPACITY_EXCEEDED', 'Too large.', { isRetryable: false })),
      ],
    ]
  test.each(FIRST_ANSWERS)('where the answer %s, each is asked alone', async (_what, how) => {
    let isFirst = true
    const { answer, monolith, requests } = await ask(source, {}, (subgraph, answered) => {
      if (subgraph !== 'reviews' || !isFirst) return answered()
      isFirst = false
      return how(answered)
    })
    expect(requests).toEqual(['products', 'reviews', 'reviews', 'reviews'])
    expect(answer).toEqual(monolith)
  })
})
