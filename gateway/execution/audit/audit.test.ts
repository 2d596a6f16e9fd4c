// Each case of the audit: the right answer, with no more requests than it takes, and none for what the client did not ask.
import { parse, visit } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorsAtNulls, errorsOf } from '../testing/compare-answers.ts'
import { openSupergraph, type OpenedSupergraph } from '../testing/open-supergraph.ts'
import { executeOurs, prepareForTest } from '../testing/prepare-for-test.ts'
import { ABSTRACT_TYPES } from './abstract-types.fixture.ts'
import { EXTERNALS } from './externals.fixture.ts'
import { INTERFACE_OBJECTS } from './interface-objects.fixture.ts'
import { KEYS } from './keys.fixture.ts'
import { PROVIDED } from './provided.fixture.ts'
import { REQUIREMENTS } from './requirements.fixture.ts'
import { ROOTS } from './roots.fixture.ts'
import { SHARED_TYPES } from './shared-types.fixture.ts'

const ALL = [ABSTRACT_TYPES, EXTERNALS, INTERFACE_OBJECTS, KEYS, PROVIDED, REQUIREMENTS, ROOTS, SHARED_TYPES].flat()

describe.each(ALL)('$name', (audited) => {
  let graph: OpenedSupergraph
  beforeAll(async () => {
    graph = await openSupergraph(audited)
  })
  afterAll(() => graph[Symbol.asyncDispose]())

  test.each(audited.cases)('$source $variables', async ({ source, variables = {}, asks, neverAsked = [], answer }) => {
    const prepared = prepareForTest(graph, source, variables)!
    graph.takeRequests()
    const ours = await executeOurs(graph, prepared)
    const requests = graph.takeRequests()
    if (answer) {
      expect(ours.data).toEqual(answer.data)
      expect(errorsOf(ours.errors).map(({ path, code }) => `${path} ${code}`)).toEqual(answer.errors ?? [])
    } else {
      const monolith = await graph.executeMonolith(prepared.document, variables)
      expect(ours.data).toEqual(monolith.data)
      expect(errorsAtNulls(ours)).toEqual(errorsAtNulls(monolith))
    }
    const counts: Record<string, number> = {}
    for (const { subgraph } of requests) counts[subgraph] = (counts[subgraph] ?? 0) + 1
    expect(counts, requests.map(({ subgraph, query }) => `${subgraph}: ${query}`).join('\n')).toEqual(asks)
    const asked = new Set(requests.flatMap(({ query }) => fieldNamesOf(query)))
    expect(neverAsked.filter((name) => asked.has(name))).toEqual([])
  })
})

function fieldNamesOf(query: string): string[] {
  const names: string[] = []
  visit(parse(query), { Field: ({ name }) => void names.push(name.value) })
  return names
}
