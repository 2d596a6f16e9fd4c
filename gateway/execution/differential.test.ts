// Generated operations over four supergraphs, answered three times: by this engine, by one server that has everything, and by the stock gateway. Where
// stock differs, it is by one of its named deviations. On a seed that nobody has looked at yet stock may do what has no name so far: that is printed, for
// whoever gives it one, and is no fault of this engine unless there is much of it.
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSeededChance } from '../../test/harness/seeded.ts'
import { errorsAtNulls, errorsOf, nullsExplained } from './testing/compare-answers.ts'
import { countCoverage, directivePlacesOf, FEATURES, PLAN_NODES } from './testing/count-coverage.ts'
import { explainDifferences, NAMED_DEVIATIONS } from './testing/named-deviations.ts'
import type { Answer, OpenedSupergraph } from './testing/open-supergraph.ts'
import { executeOurs } from './testing/prepare-for-test.ts'
import { generateFor, TEST_SUPERGRAPHS } from './testing/supergraphs.ts'

const OPERATIONS_OF_EACH = 1_000
const counts = new Map<string, number>()
const deviations = new Map<string, number>()
/** Of the operations of one supergraph on a new seed. */
const UNNAMED_MAX = 3
const OFTEN_MET = [
  'arguments of requirements',
  'response names of keys',
  'conditions in fetches',
  'types of an interface object',
  'hidden errors',
]

describe.each(TEST_SUPERGRAPHS)('$name', ({ subgraphs, open, values }) => {
  let graph: OpenedSupergraph
  beforeAll(async () => {
    graph = await open()
  })
  afterAll(() => graph[Symbol.asyncDispose]())

  test('generated operations get the answers and errors of one server', async () => {
    const chance = createSeededChance()
    console.log(`Seed of the operations: ${chance.seed}`)
    const places = directivePlacesOf(subgraphs)
    const unnamed: string[] = []
    for (let made = 1; made <= OPERATIONS_OF_EACH; made += 1) {
      const prepared = generateFor(graph, values, chance)
      const about = `seed ${chance.seed}, operation ${made}:\n${prepared.source}\n${JSON.stringify(prepared.variables)}`
      const ours = await executeOurs(graph, prepared)
      const monolith = await graph.executeMonolith(prepared.document, prepared.variables)
      expect(ours.data, about).toEqual(monolith.data)
      expect(nullsExplained(ours), about).toEqual(nullsExplained(monolith))
      expect(errorsAtNulls(ours), about).toEqual(errorsAtNulls(monolith))

      const stock = await graph.executeStock(prepared).catch((error: Error): Answer => ({ data: String(error) }))
      if (!isDeepStrictEqual([stock.data, errorsOf(stock.errors)], [ours.data, errorsOf(ours.errors)])) {
        const { names, unexplained } = explainDifferences({ graph, prepared, stock, ours })
        if (unexplained.length > 0)
          unnamed.push(`${about}\n${JSON.stringify({ unexplained, stock, ours }, undefined, 1)}`)
        for (const name of names) deviations.set(name, (deviations.get(name) ?? 0) + 1)
      }
      countCoverage(counts, graph.supergraph.apiSchema, places, prepared)
    }
    if (unnamed.length > 0) console.warn(`Stock differs by what has no name:\n${unnamed.join('\n')}`)
    expect(unnamed.length, unnamed.join('\n')).toBeLessThanOrEqual(chance.isKnown ? 0 : UNNAMED_MAX)
  }, 120_000)
})

test('every kind of plan node and every feature was met a hundred times', () => {
  const all = [...PLAN_NODES, ...FEATURES]
  console.log(
    `Operations with each: ${JSON.stringify(Object.fromEntries(all.map((each) => [each, counts.get(each) ?? 0])))}`,
  )
  console.log(
    `Stock differed: ${JSON.stringify(Object.fromEntries(NAMED_DEVIATIONS.map(({ name }) => [name, deviations.get(name) ?? 0])))}`,
  )
  expect(all.filter((each) => (counts.get(each) ?? 0) < 100)).toEqual([])
  // Of those that operations meet often; the others have fixed tests only.
  expect(OFTEN_MET.filter((name) => !deviations.has(name))).toEqual([])
})
