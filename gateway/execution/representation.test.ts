// What subgraphs are told of an entity is whole, or they are not asked.
import type { QueryPlanSelectionNode } from '@apollo/query-planner'
import { buildSchema } from 'graphql'
import { expect, test } from 'vitest'
import { representationOf, type JsonObject } from './representation.ts'

const schema = buildSchema(`
  type Query { planes: [Plane!] }
  interface Flying { id: ID! }
  type Plane implements Flying { id: ID! driver: Driver crew: [Driver] }
  type Driver { id: ID! licence: String }`)

const field = (name: string, selections?: QueryPlanSelectionNode[]): QueryPlanSelectionNode => ({
  kind: 'Field',
  name,
  ...(selections ? { selections } : {}),
})
const on = (typeCondition: string, selections: QueryPlanSelectionNode[]): QueryPlanSelectionNode => ({
  kind: 'InlineFragment',
  typeCondition,
  selections,
})
const known: JsonObject = {
  __typename: 'Plane',
  id: 'p1',
  driver: { id: 'd1', licence: null },
  crew: [{ id: 'd1', licence: 'L1' }, null, { id: 'd2' }],
}
const represent = (...selections: QueryPlanSelectionNode[]) =>
  representationOf(schema, known, [on('Plane', [field('__typename'), field('id')]), ...selections])

test('what is null is told, deep down, too', () => {
  expect(represent(field('driver', [field('id'), field('licence')]), field('crew', [field('id')]))).toEqual({
    __typename: 'Plane',
    id: 'p1',
    driver: { id: 'd1', licence: null },
    crew: [{ id: 'd1' }, null, { id: 'd2' }],
  })
})

test.each([
  ['a field of the entity', field('wings')],
  ['a field of an object', field('driver', [field('hours')])],
  ['a field of one object in a list', field('crew', [field('licence')])],
])('%s that is not known leaves nothing to ask', (_what, selection) => {
  expect(represent(selection)).toBeNull()
})

test('objects that several fragments select are joined', () => {
  const parts = [on('Flying', [field('driver', [field('id')])]), on('Plane', [field('driver', [field('licence')])])]
  expect(represent(...parts)?.['driver']).toEqual({ id: 'd1', licence: null })
})
