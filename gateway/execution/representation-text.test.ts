// A text is what the representation would be as JSON, however it was put together.
import type { FetchNode, QueryPlanSelectionNode } from '@apollo/query-planner'
import { buildSchema } from 'graphql'
import { expect, test } from 'vitest'
import { NOTHING_TO_ASK, representationsOf, type KindOf } from './representation-text.ts'
import { representationOf, type JsonObject } from './representation.ts'

const schema = buildSchema(`
  type Query { planes: [Plane!] }
  interface Flying { id: ID! }
  type Plane implements Flying { id: ID! name: String wings: Int extra: Any crew: [Plane] }
  type Kite implements Flying { id: ID! }
  scalar Any`)

const field = (name: string, more: { alias?: string; selections?: QueryPlanSelectionNode[] } = {}) =>
  ({ kind: 'Field', name, ...more }) as QueryPlanSelectionNode
const on = (typeCondition: string, ...selections: QueryPlanSelectionNode[]): QueryPlanSelectionNode => ({
  kind: 'InlineFragment',
  typeCondition,
  selections,
})
const fetchOf = (requires: QueryPlanSelectionNode[], more: Partial<FetchNode> = {}) =>
  ({ kind: 'Fetch', serviceName: 'a', operation: '', requires, ...more }) as FetchNode

const KEY = [field('__typename'), field('id')]
const REQUIRES: Record<string, QueryPlanSelectionNode[]> = {
  'a key': [on('Plane', ...KEY)],
  'a key of an interface': [on('Flying', ...KEY)],
  'several fields': [on('Plane', ...KEY, field('name'), field('wings'), field('extra'))],
  'a field under another name': [on('Plane', ...KEY, field('name', { alias: '_name' }))],
  'fields of two fragments': [on('Plane', ...KEY), on('Flying', field('id')), on('Kite', field('name'))],
  'fields below': [on('Plane', ...KEY, field('crew', { selections: [field('id')] }))],
  'no name of the type': [on('Plane', field('id'))],
  'the name of the type alone': [on('Plane', field('__typename'))],
}
const ENTITIES: JsonObject[] = [
  {
    __typename: 'Plane',
    id: 'p"1',
    name: null,
    wings: 2,
    extra: { deep: [1, '2'] },
    _name: 'ü',
    crew: [{ id: 'p2' }, null],
  },
  { __typename: 'Plane', id: 'p2' },
  { __typename: 'Kite', id: 'k1', name: 'Kite' },
  { __typename: 'Unheard of', id: 'x' },
  { id: 'without a type' },
]

function textBy(kindOf: KindOf, entity: JsonObject): string | null {
  const kind = kindOf(entity)
  const key = kind.keyOf(entity)
  expect(key).not.toBe(NOTHING_TO_ASK)
  return key === undefined ? null : kind.textOf(entity, key)
}

test.each(Object.keys(REQUIRES))('%s', (name) => {
  const requires = REQUIRES[name]!
  const kindOf = representationsOf(schema, fetchOf(requires))
  for (const entity of [...ENTITIES, ...ENTITIES]) {
    const representation = representationOf(schema, entity, requires)
    expect(textBy(kindOf, entity)).toBe(representation && JSON.stringify(representation))
  }
})

test('what is rewritten is rewritten', () => {
  const path = ['... on Plane', '__typename']
  const fetch = fetchOf([on('Plane', ...KEY)], {
    inputRewrites: [{ kind: 'ValueSetter', path, setValueTo: 'Flying' }],
  })
  expect(textBy(representationsOf(schema, fetch), ENTITIES[0]!)).toBe('{"__typename":"Flying","id":"p\\"1"}')
})

test('keys are equal for what is written equally, and for nothing else', () => {
  const kindOf = representationsOf(schema, fetchOf(REQUIRES['a key of an interface']!))
  const ids = ['1', 1, null, 'null', { a: 1 }, '{"a":1}', true, [1]]
  const entities = [...ids, ...ids].flatMap((id) => ['Plane', 'Kite'].map((__typename) => ({ __typename, id })))
  const byKey = new Map<unknown, Map<unknown, Set<string>>>()
  for (const entity of entities) {
    const kind = kindOf(entity)
    const key = kind.keyOf(entity)
    const ofKind = byKey.get(kind) ?? new Map<unknown, Set<string>>()
    byKey.set(kind, ofKind)
    ofKind.set(key, (ofKind.get(key) ?? new Set()).add(kind.textOf(entity, key)))
  }
  const groups = [...byKey.values()].flatMap((ofKind) => [...ofKind.values()])
  expect(groups.every((texts) => texts.size === 1)).toBe(true)
  expect(groups.length).toBe(new Set(groups.flatMap((texts) => [...texts])).size)
})
