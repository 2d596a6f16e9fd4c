import type { FetchNode, PlanNode } from '@apollo/query-planner'
import { OperationTypeNode } from 'graphql'
import { expect, test } from 'vitest'
import { askedBelow, uniteEquals, type AskedBelow } from './equal-objects.ts'
import { createSharedValues } from './shared-values.ts'

const book = (id: unknown, more = {}) => ({ __typename: 'Book', id, ...more })

function unite(answer: unknown, ...path: (string | number)[]) {
  const shared = createSharedValues()
  const before = structuredClone(answer)
  const asked = path.reduceRight<AskedBelow[]>((below, step) => [{ step, below }], [])
  uniteEquals([answer], asked, shared)
  expect(answer).toEqual(before)
  return shared
}

test('equal objects of an answer become one, which is shared', () => {
  const answer = { reviews: [{ about: book('1') }, { about: book('2') }, { about: book('1') }] }
  const shared = unite(answer, 'reviews', '@', 'about')
  const [first, second, third] = answer.reviews.map(({ about }) => about)
  expect(third).toBe(first)
  expect([shared.has(first), shared.has(second)]).toEqual([true, false])
})

test('so do the objects and lists that hold them', () => {
  const author = () => ({ id: 'a', reviews: [{ body: 'Good.', about: book('1') }, { about: book('2') }] })
  const other = { ...author(), reviews: [{ body: 'Good.', about: book('1') }] }
  const answer = { authors: [author(), author(), other] }
  const shared = unite(answer, 'authors', '@', 'reviews', '@', 'about')
  const [first, second, third] = answer.authors
  expect(second).toBe(first)
  expect(third).not.toBe(first)
  expect(third!.reviews[0]).toBe(first!.reviews[0])
  expect(shared.has(first!.reviews[0])).toBe(true)
  expect(shared.has(answer.authors)).toBe(false)
})

test('what differs in anything, holds what is not asked about, or is not asked about stays what it is', () => {
  const objects = [
    book('1'),
    book(1),
    book('1', { title: null }),
    book('1', { title: 'One' }),
    { id: '1' },
    { __typename: 'Film', id: '1' },
    book('1', { size: { width: 1 } }),
    book('1', { size: { width: 1 } }),
    { __typename: 'Book' },
    { __typename: 'Book' },
    ['1'],
    [],
    [],
    null,
  ]
  const answer = { items: objects.map((about) => ({ about, other: book('1') })) }
  const shared = unite(answer, 'items', '@', 'about')
  expect(new Set(answer.items.map(({ about }) => about)).size).toBe(objects.length)
  expect(new Set(answer.items.map(({ other }) => other)).size).toBe(objects.length)
  expect(shared.isEmpty).toBe(true)
})

test('entities stay apart: each is told to others', () => {
  const entities = [book('1'), book('1')]
  uniteEquals(entities, [{ step: 'id', below: [] }], createSharedValues())
  expect(entities[0]).not.toBe(entities[1])
})

test('a field that an answer lacks is not put into it', () => {
  const answer = { items: [{}, 'text', { about: book('1') }] }
  unite(answer, 'items', '@', 'about')
  expect(Object.keys(answer.items[0]!)).toEqual([])
})

test('asked about is what fetches below a fetch ask', () => {
  const fetch = (): FetchNode => ({
    kind: 'Fetch',
    serviceName: 's',
    operationKind: OperationTypeNode.QUERY,
    operationName: undefined,
    operation: '{ a }',
    variableUsages: [],
  })
  const [root, below, deep] = [fetch(), fetch(), fetch()]
  const at = (path: string[], node: FetchNode): PlanNode => ({ kind: 'Flatten', path, node })
  const asked = askedBelow({
    kind: 'Sequence',
    nodes: [
      root,
      { kind: 'Parallel', nodes: [at(['a', '@'], below), at(['a', '@'], fetch()), at(['b'], fetch())] },
      { kind: 'Condition', condition: 'x', ifClause: at(['a', '@', 'c'], deep) },
    ],
  })
  expect(asked.get(root)).toEqual([
    { step: 'a', below: [{ step: '@', below: [{ step: 'c', below: [] }] }] },
    { step: 'b', below: [] },
  ])
  expect(asked.get(below)).toEqual([{ step: 'c', below: [] }])
  expect(asked.get(deep)).toEqual([])
})
