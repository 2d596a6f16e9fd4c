// How often subgraphs are asked for the entities that the events of a subscription show.
import type { FetchNode, PlanNode } from '@apollo/query-planner'
import { OperationTypeNode } from 'graphql'
import { expect, test } from 'vitest'
import type { EntityAnswers } from '../execution/known-answers.ts'
import { collect, startTwoSubgraphs, STREAM } from '../two-subgraphs.fixture.ts'
import { createEntityMemo } from './entity-memo.ts'
import { DEFAULT_SUBSCRIPTIONS } from './settings.ts'

const hour = 3_600_000

test.each([
  // Of twenty tokens nineteen show one engine; the other has none that could be remembered.
  ['an hour', { default: hour, of: new Map<string, number>() }, 2],
  ['no time at all', { default: 0, of: new Map<string, number>() }, 20],
  ['an hour, but its type has no time', { default: hour, of: new Map([['Engine', 0]]) }, 20],
  ['no time, but its type has an hour', { default: 0, of: new Map([['Engine', hour]]) }, 2],
])('an entity that counts for %s', async (_, entityMemoMs, fetches) => {
  const graph = await startTwoSubgraphs({ subscriptions: { ...DEFAULT_SUBSCRIPTIONS, entityMemoMs } })
  try {
    const results = await collect(graph.connect('viewer'), STREAM, { count: 20 })
    expect(graph.seenHeaders).toHaveLength(fetches)
    const names = results.map(({ data }) => data.tokens.engine?.name)
    expect(names).toEqual(
      Array.from({ length: 21 }, (_event, index) => (index === 2 || index === 20 ? undefined : 'Engine one')),
    )
    // Only the event that shows the broken one tells of it.
    expect(results.flatMap(({ errors }, index) => (errors ? [[index, errors[0].extensions.code]] : []))).toEqual([
      [2, 'UPSTREAM_UNAVAILABLE'],
    ])
    // Another subscription is told nothing of it: its caller may not be allowed the same.
    await collect(graph.connect('editor'), STREAM, { count: 1 })
    expect(graph.seenHeaders).toHaveLength(fetches + 1)
  } finally {
    await graph.close()
  }
})

const entityFetch = (selection: string, serviceName = 'engines') =>
  ({
    kind: 'Fetch',
    serviceName,
    requires: [{ kind: 'InlineFragment', typeCondition: 'Engine', selections: [{ kind: 'Field', name: 'id' }] }],
    operation: `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Engine ${selection} } }`,
    operationKind: OperationTypeNode.QUERY,
  }) as FetchNode
const planOf = (...nodes: PlanNode[]): PlanNode => ({ kind: 'Sequence', nodes })
const engine = (id: string): string => JSON.stringify({ __typename: 'Engine', id })
const told = (name: string): Promise<EntityAnswers> => Promise.resolve(new Map([[engine('e1'), { name }]]))

test('fetches that ask the same of one subgraph know the same, and others nothing', () => {
  const [one, same] = [entityFetch('{ name }'), entityFetch('{ name }')]
  const [more, elsewhere] = [entityFetch('{ name secret }'), entityFetch('{ name }', 'other')]
  const memo = createEntityMemo(planOf(one, same, more, elsewhere), { default: hour, of: new Map() })
  const answers = told('Engine one')
  memo.answersTo(one)!.set(engine('e1'), answers)
  expect(memo.answersTo(same)!.get(engine('e1'))).toBe(answers)
  expect(memo.answersTo(same)!.get(engine('e2'))).toBeUndefined()
  expect(memo.answersTo(more)!.get(engine('e1'))).toBeUndefined()
  expect(memo.answersTo(elsewhere)!.get(engine('e1'))).toBeUndefined()
  const root: FetchNode = { ...entityFetch(''), operation: '{ engines { id } }' }
  delete root.requires
  expect(createEntityMemo(root, { default: hour, of: new Map() }).answersTo(root)).toBeNull()
})

test('an answer counts until its time is over, and one with errors not beyond its event', async () => {
  const fetch = entityFetch('{ name }')
  const answers = createEntityMemo(fetch, { default: hour, of: new Map([['Engine', 50]]) }).answersTo(fetch)!
  const failing = Promise.resolve(null)
  const other = JSON.stringify({ __typename: 'Other', id: 'broken' })
  answers.set(other, failing)
  expect(answers.get(other)).toBe(failing)
  await failing
  expect(answers.get(other)).toBeUndefined()
  answers.set(engine('e1'), told('Engine one'))
  await expect.poll(() => answers.get(engine('e1'))).toBeUndefined()
})

test('of many entities those that were shown last are known', () => {
  const fetch = entityFetch('{ name }')
  const answers = createEntityMemo(fetch, { default: hour, of: new Map() }).answersTo(fetch)!
  for (let id = 0; id < 300; id += 1) answers.set(engine(String(id)), told(String(id)))
  expect(answers.get(engine('99'))).toBeUndefined()
  expect(answers.get(engine('100'))).toBeDefined()
})
