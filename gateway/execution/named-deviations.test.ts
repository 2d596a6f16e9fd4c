// Each named deviation of the stock gateway: an operation that it answers wrongly, and this engine as one server does.
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { errorsOf } from './testing/compare-answers.ts'
import { openDepot } from './testing/depot.ts'
import { openLedger } from './testing/ledger.ts'
import { openLibrary } from './testing/library.ts'
import { explainDifferences, NAMED_DEVIATIONS } from './testing/named-deviations.ts'
import type { Answer } from './testing/open-supergraph.ts'
import { executeOurs, prepareForTest } from './testing/prepare-for-test.ts'
import { openShop } from './testing/shop.ts'

const graphs = {
  depot: await openDepot(),
  ledger: await openLedger(),
  library: await openLibrary(),
  shop: await openShop(),
}

const CASES: readonly [
  name: string,
  graph: keyof typeof graphs,
  source: string,
  variables?: Record<string, unknown>,
][] = [
  ['arguments of requirements', 'depot', '{ order(id: "o1") { dutyUsd total(currency: EUR) } }'],
  ['arguments of requirements', 'depot', '{ order(id: "o1") { dutyUsd dutyEur usual } }'],
  ['arguments of requirements', 'depot', '{ orders { counts lines(limit: 1) { count } } }'],
  [
    'arguments of requirements',
    'depot',
    'query ($limit: Int! = 1) { orders { counts lines(limit: $limit) { count } } }',
  ],
  ['response names of keys', 'depot', '{ order(id: "o1") { usual total: id } }'],
  ['response names of keys', 'shop', '{ reviews { id: body author { id: name role } about { id: __typename } } }'],
  [
    'requirements under conditions',
    'depot',
    'query ($no: Boolean!) { order(id: "o1") { risk dutyUsd @include(if: $no) } }',
    { no: false },
  ],
  [
    'nothing left to select',
    'shop',
    'query ($no: Boolean!) { reviews @skip(if: $no) { id @skip(if: true) } }',
    { no: false },
  ],
  ['fragments in wider fragments', 'shop', '{ book(isbn: "isbn-1") { ... on Item { price ... on Book { isbn } } } }'],
  [
    'order of mutations',
    'ledger',
    'mutation { countUp a2: note { at } a3: countUp(by: 10) ...F } fragment F on Mutation { a4: note { at } a5: countUp }',
  ],
  [
    'types of an interface object',
    'library',
    '{ media(first: 2) { a1: rating(scale: 1) ... on Novel { spine a4: rating(scale: 2) } } }',
  ],
  [
    'types of an interface object',
    'library',
    '{ anything(shelf: USED) { ... on Novel { shelf spine } ... on Record { id title shelf } } }',
  ],
  [
    'types of an interface object',
    'library',
    '{ media { ... on Novel { a: rating(scale: 2) } ... on Record { a: rating(scale: 3) } } }',
  ],
  ['other interfaces of an interface object', 'library', '{ bestRated { ... on Printed { pages } } }'],
  ['places of entity errors', 'shop', '{ items(first: 5) { ... on Book { pages } } }'],
]

test.each(CASES)('%s (%s): %s', async (name, graphName, source, variables = {}) => {
  const graph = graphs[graphName]
  const prepared = prepareForTest(graph, source, variables)!
  const ours = await executeOurs(graph, prepared)
  const monolith = await graph.executeMonolith(prepared.document, prepared.variables)
  const stock = await graph.executeStock(prepared).catch((error: Error): Answer => ({ data: error.message }))
  expect(ours.data).toEqual(monolith.data)
  expect(errorsOf(ours.errors)).toEqual(errorsOf(monolith.errors))
  expect(isDeepStrictEqual([stock.data, errorsOf(stock.errors)], [ours.data, errorsOf(ours.errors)])).toBe(false)
  const { names, unexplained } = explainDifferences({ graph, prepared, stock, ours })
  expect(unexplained).toEqual([])
  expect([...names]).toContain(name)
})

const UNRELATED: readonly [
  graph: keyof typeof graphs,
  source: string,
  change: (answer: Answer) => void,
  variables?: Record<string, unknown>,
][] = [
  [
    'depot',
    '{ order(id: "o1") { dutyUsd total(currency: EUR) stamp } }',
    ({ data }) => set(data, 'order.stamp', 'Other'),
  ],
  ['depot', '{ order(id: "o1") { total: id } parts { name } }', ({ data }) => set(data, 'parts.0.name', 'Other')],
  [
    'depot',
    'query ($no: Boolean!) { order(id: "o1") { risk dutyUsd @include(if: $no) } parcel { weight } }',
    ({ data }) => set(data, 'parcel.weight', null),
    { no: false },
  ],
  ['shop', '{ book(isbn: "isbn-1") { price ... on Item { price } } }', ({ data }) => set(data, 'book.price', null)],
  ['library', '{ media { id ... on Novel { spine } } people { born } }', ({ data }) => set(data, 'people.0.born', 1)],
  ['library', '{ bestRated { ... on Novel { pages } } people { born } }', (answer) => (answer.data = 'Error: Broken')],
  [
    'ledger',
    'mutation { countUp post(entry: {}) { text } ... on Mutation { note { text } } }',
    ({ data }) => set(data, 'post.text', '?'),
  ],
  ['shop', '{ users { name } }', (answer) => (answer.errors = [{ message: 'Broken', path: ['users', 1, 'name'] }])],
]

test.each(UNRELATED)(
  'no deviation excuses another difference (%s): %s',
  async (graphName, source, change, variables = {}) => {
    const graph = graphs[graphName]
    const prepared = prepareForTest(graph, source, variables)!
    const ours = await executeOurs(graph, prepared)
    const stock = structuredClone(ours)
    change(stock)
    expect(explainDifferences({ graph, prepared, stock, ours }).unexplained).toHaveLength(1)
  },
)

function set(data: unknown, path: string, value: unknown): void {
  const steps = path.split('.')
  let holder = data as Record<string, unknown>
  for (const step of steps.slice(0, -1)) holder = holder[step] as Record<string, unknown>
  holder[steps.at(-1)!] = value
}

test('hidden errors: a value that does not fit its type is an error', async () => {
  graphs.shop.interfere(async () => ({ data: { me: { name: null, nickname: { no: 'text' } } } }))
  try {
    const prepared = prepareForTest(graphs.shop, '{ me { name nickname } }')!
    const stock = await graphs.shop.executeStock(prepared)
    expect(stock.errors).toBeUndefined()
    expect(stock.extensions?.valueCompletion?.length).toBeGreaterThan(0)
    const { data, errors } = await executeOurs(graphs.shop, prepared)
    expect(data).toBeNull()
    expect(errorsOf(errors).map(({ path }) => path)).toEqual(['me.name'])
  } finally {
    graphs.shop.interfere(null)
  }
})

test('there are at most ten, each tested and each with its sentence of the specification', () => {
  expect(NAMED_DEVIATIONS.length).toBeLessThanOrEqual(10)
  const tested = new Set(['hidden errors', ...CASES.map(([name]) => name)])
  expect(new Set(NAMED_DEVIATIONS.map(({ name }) => name))).toEqual(tested)
  for (const { section, says } of NAMED_DEVIATIONS)
    expect([/^\d(\.\d+)+$/.test(section), says.length > 20]).toEqual([true, true])
})
