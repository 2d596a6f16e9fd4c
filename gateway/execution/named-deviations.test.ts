// Each named deviation of the stock gateway: an operation that it answers wrongly, and this engine as one server does.
import type { GraphQLFormattedError } from 'graphql'
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { errorsOf } from './testing/compare-answers.ts'
import { openDepot } from './testing/depot.ts'
import { openLedger } from './testing/ledger.ts'
import { openLibrary } from './testing/library.ts'
import { explainDifferences, NAMED_DEVIATIONS } from './testing/named-deviations.ts'
import { REFUSED, type Answer } from './testing/open-supergraph.ts'
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
  // A subgraph refuses the fetch, and with it what else is in it.
  [
    'arguments of requirements',
    'depot',
    'query ($yes: Boolean!) { riskiest: order(id: "o1") { stamp } order(id: "o1") { label note(language: "en") @include(if: $yes) } }',
    { yes: true },
  ],
  ['response names of keys', 'depot', '{ order(id: "o1") { usual total: id } }'],
  [
    'response names of keys',
    'shop',
    'query ($yes: Boolean!) { account { __typename } user(id: "u1") { id: name @include(if: $yes) store { name } } }',
    { yes: true },
  ],
  [
    'response names of keys',
    'shop',
    'query ($yes: Boolean!) { user(id: "u1") @include(if: $yes) { id: store @skip(if: true) { stock { title } } __typename } }',
    { yes: true },
  ],
  ['response names of keys', 'shop', '{ reviews { id: body author { id: name role } about { id: __typename } } }'],
  [
    'conditions in fetches',
    'depot',
    'query ($no: Boolean!) { order(id: "o1") { risk dutyUsd @include(if: $no) } }',
    { no: false },
  ],
  [
    'response names of keys',
    'ledger',
    'mutation ($yes: Boolean!) { reverse { account { number: balances @include(if: $yes) bank { code } } } note { at } }',
    { yes: true },
  ],
  [
    'conditions in fetches',
    'shop',
    'query ($yes: Boolean!) { latest @include(if: $yes) { about { ... on Film { price minutes @skip(if: true) title } } } }',
    { yes: true },
  ],
  [
    'nothing left to select',
    'shop',
    'query ($no: Boolean!) { reviews @skip(if: $no) { id @skip(if: true) } }',
    { no: false },
  ],
  ['fragments in wider fragments', 'shop', '{ book(isbn: "isbn-1") { ... on Item { price ... on Book { isbn } } } }'],
  [
    'fragments in wider fragments',
    'library',
    `query ($if: Boolean!) { lost { ...F4 } novel: work(id: "n3") { ...F8 } work(id: "c1") { ...F11 ...F12 } }
    fragment F2 on Media { best: rating ... on Atlas { size: scale @skip(if: $if) } } fragment F3 on Media { id ... on Record { ...F2 } }
    fragment F4 on Novel { ...F3 } fragment F8 on Novel { spine } fragment F12 on Novel { spine }
    fragment F11 on Atlas { ... on Media { ... on Atlas { spine } } }`,
    { if: true },
  ],
  [
    'order of fields',
    'ledger',
    'mutation { countUp a2: note { at } a3: countUp(by: 10) ...F } fragment F on Mutation { a4: note { at } a5: countUp }',
  ],
  [
    'order of fields',
    'shop',
    'mutation { addReview(input: { body: "b", stars: null }) { a: stars body ...F } } fragment F on Review { b: stars about { title } }',
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
  [
    'types of an interface object',
    'library',
    'query ($no: Boolean!) { lost { ... on Novel { rating @include(if: $no) } ... on Record { rating(scale: 1) } } }',
    { no: false },
  ],
  [
    'types of an interface object',
    'library',
    `{ work(id: "n2") { opinions { ... on Opinion { text } } ... on Novel { opinions { __typename } ...Named } } }
    fragment Named on Media { ... on Novel { __typename } }`,
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
  // A fetch that a deviation had refused, but that has nothing of what differs.
  [
    'depot',
    'query ($yes: Boolean!) { order(id: "o1") { label note(language: "en") @include(if: $yes) } parts { name } }',
    (answer) => {
      answer.errors = [refusal('{ order { note } }', 'Fields "note" conflict because they have differing arguments.')]
      set(answer.data, 'parts.0.name', null)
    },
    { yes: true },
  ],
  [
    'depot',
    'query ($yes: Boolean!) { order(id: "o1") { label note(language: "en") @include(if: $yes) } }',
    (answer) => {
      answer.errors = [refusal('{ order { buyer } }', 'Fields "buyer" conflict because they have differing arguments.')]
    },
    { yes: true },
  ],
  [
    'library',
    'query ($yes: Boolean!) { work(id: "n1") { title @include(if: $yes) } }',
    (answer) => (answer.errors = [refusal('{ work }', 'Variable "$yes" is never used in operation "Of".')]),
    { yes: true },
  ],
  [
    'shop',
    'query ($yes: Boolean!) { latest @include(if: $yes) { about { ... on Film { minutes @skip(if: true) title } } } users { nickname } }',
    (answer) => {
      answer.errors = [{ message: 'Null', path: ['latest', 'about', 'minutes'] }]
      set(answer.data, 'users.0.nickname', null)
    },
    { yes: true },
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

function refusal(query: string, reason: string): GraphQLFormattedError {
  return { message: reason, extensions: { code: REFUSED, reason, query } }
}

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
