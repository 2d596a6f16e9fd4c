// Subgraphs that misbehave in every way, under generated operations over four supergraphs: never a crash, and an answer that the specification allows
// for the operation, with an error wherever it is less than the whole.
import { executeSync, Kind, print, visit, type DocumentNode, type GraphQLSchema } from 'graphql'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TributaryError } from '#shared/errors.ts'
import { createSeededChance, type SeededChance } from '../../test/harness/seeded.ts'
import type { SubgraphResponse } from '../subgraphs/subgraph-client.ts'
import { errorsOf } from './testing/compare-answers.ts'
import { openShop } from './testing/shop.ts'
import type { Answer, OpenedSupergraph, Thing } from './testing/open-supergraph.ts'
import { executeOurs, prepareForTest, type PreparedForTest } from './testing/prepare-for-test.ts'
import { generateFor, TEST_SUPERGRAPHS } from './testing/supergraphs.ts'

const OPERATIONS_OF_EACH = 400

type Answering = () => Promise<SubgraphResponse>
const FAULTS: Readonly<Record<string, (answer: Answering, chance: SeededChance) => Promise<SubgraphResponse>>> = {
  'timed out': async () => {
    throw new TributaryError('UPSTREAM_TIMED_OUT', 'The subgraph did not answer in time.')
  },
  unreachable: async () => {
    throw new TributaryError('UPSTREAM_UNAVAILABLE', 'The subgraph answered with something that is not JSON.')
  },
  refusing: async () => ({ data: null, errors: [{ message: 'Not now.', extensions: { code: 'FORBIDDEN' } }] }),
  'no GraphQL': async (_answer, chance) =>
    [
      [],
      'text',
      7,
      null,
      {},
      { data: [] },
      { data: 'text' },
      { data: null },
      { errors: 'text' },
      { errors: [null, 'x', { path: 'y' }] },
    ][chance.below(10)] as SubgraphResponse,
  'null somewhere': (answer, chance) => changed(answer, chance, () => null),
  'missing somewhere': (answer, chance) => changed(answer, chance, () => undefined),
  'other type somewhere': (answer, chance) =>
    changed(
      answer,
      chance,
      () => ['text', 7, true, [], [[1]], {}, { __typename: 'Nothing' }, { __typename: 3 }][chance.below(8)],
    ),
  'unknown enum value or type name': (answer, chance) =>
    changed(answer, chance, (value) => (typeof value === 'string' ? 'CELLAR' : value)),
  'list of another length': (answer, chance) =>
    changed(answer, chance, (value) =>
      Array.isArray(value) ? (chance.below(2) === 0 ? value.slice(1) : [...value, ...value, null]) : value,
    ),
  'prototype names': (answer, chance) =>
    changed(answer, chance, (value) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? (JSON.parse(
            `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},${JSON.stringify(value).slice(1).replace(/^\}/, '"x":1}')}`,
          ) as unknown)
        : value,
    ),
}

describe.each(TEST_SUPERGRAPHS)('$name', ({ open, values }) => {
  let graph: OpenedSupergraph
  beforeAll(async () => {
    graph = await open()
  })
  afterAll(() => graph[Symbol.asyncDispose]())

  test('whatever subgraphs answer, clients get what the schema promises', async () => {
    const chance = createSeededChance()
    console.log(`Seed of the faults: ${chance.seed}`)
    const met = new Map<string, number>()
    for (let made = 1; made <= OPERATIONS_OF_EACH; made += 1) {
      const generated = generateFor(graph, values, chance)
      const prepared = prepareForTest(graph, withTypeNames(generated.document), generated.variables)!
      const whole = await executeOurs(graph, prepared)
      const name = Object.keys(FAULTS)[chance.below(Object.keys(FAULTS).length)]!
      const victim = graph.subgraphNames[chance.below(graph.subgraphNames.length)]!
      graph.interfere((subgraph, answer) => {
        if (subgraph !== victim) return answer()
        met.set(name, (met.get(name) ?? 0) + 1)
        return FAULTS[name]!(answer, chance)
      })
      const answer = await executeOurs(graph, prepared)
      graph.interfere(null)
      const about = `seed ${chance.seed}, operation ${made}, ${victim} ${name}:\n${prepared.source}\n${JSON.stringify(prepared.variables)}\n${JSON.stringify(answer)}`
      expect(promised(graph.supergraph.apiSchema, prepared, answer), about).toEqual({ data: answer.data, errors: [] })
      if (answer.data === null && whole.data !== null) expect(answer.errors?.length, about).toBeGreaterThan(0)
      if (['timed out', 'unreachable', 'refusing'].includes(name) && !isDeepStrictEqual(answer.data, whole.data))
        expect(answer.errors?.length, about).toBeGreaterThan(0)
      expect(({} as Thing)['polluted']).toBeUndefined()
    }
    console.log(`Requests with each fault: ${JSON.stringify(Object.fromEntries(met))}`)
    for (const name of Object.keys(FAULTS)) expect(met.get(name), name).toBeGreaterThan(0)
  }, 120_000)
})

describe('each failure says what it was', () => {
  const source = '{ me { name reviews { stars } } }'
  const cases: [fault: string, code: string][] = [
    ['timed out', 'UPSTREAM_TIMED_OUT'],
    ['unreachable', 'UPSTREAM_UNAVAILABLE'],
    ['refusing', 'FORBIDDEN'],
  ]
  test.each(cases)('%s: %s at the place of the fetch', async (fault, code) => {
    await using graph = await openShop()
    graph.interfere((subgraph, answer) =>
      subgraph === 'reviews' ? FAULTS[fault]!(answer, createSeededChance()) : answer(),
    )
    const { data, errors } = await executeOurs(graph, prepareForTest(graph, source)!)
    expect(data).toEqual({ me: { name: 'User u1', reviews: null } })
    expect(errorsOf(errors)).toEqual([{ path: 'me', code }])
  })
})

/** What graphql-js makes of our data as if resolvers had given it: the same, without errors, where it is what the schema promises. */
function promised(schema: GraphQLSchema, { document, variables }: PreparedForTest, { data }: Answer): Answer {
  if (data === null || data === undefined) return { data, errors: [] }
  const { data: completed, errors = [] } = executeSync({
    schema,
    document,
    variableValues: variables,
    rootValue: data,
    fieldResolver: (parent: Thing, _arguments, _context, info) => parent[info.path.key],
    typeResolver: (value: Thing) => String(value['__typename']),
  })
  return JSON.parse(JSON.stringify({ data: completed, errors })) as Answer
}

/** So that it shows of which type an object was. */
const withTypeNames = (document: DocumentNode): string =>
  print(
    visit(document, {
      SelectionSet: {
        leave: (node) => ({
          ...node,
          selections: [...node.selections, { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }],
        }),
      },
    }),
  )

async function changed(
  answer: Answering,
  chance: SeededChance,
  change: (value: unknown) => unknown,
): Promise<SubgraphResponse> {
  const response = await answer()
  const places: { holder: Thing; key: string }[] = []
  const collect = (holder: Thing): void => {
    for (const [key, value] of Object.entries(holder)) {
      places.push({ holder, key })
      if (typeof value === 'object' && value !== null) collect(value as Thing)
    }
  }
  if (response.data) collect(response.data)
  for (let times = 0; times < 3 && places.length > 0; times += 1) {
    const { holder, key } = places[chance.below(places.length)]!
    holder[key] = change(holder[key])
  }
  return response
}
