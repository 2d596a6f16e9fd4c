// What merging keeps, and that a copy is one all the way down.
import { buildSchema } from 'graphql'
import { expect, test } from 'vitest'
import { mergeResults } from './merge-results.ts'
import { copyOf, createSharedValues } from './shared-values.ts'
import type { JsonObject } from './representation.ts'

const schema = buildSchema(
  'type Query { a: Named } interface Named { name: String } type A implements Named { name: String }',
)

test('objects are joined by key, lists by index; null erases no object, and the name of an interface no name of a type', () => {
  const target: JsonObject = { __typename: 'A', a: { b: 1 }, list: [{ x: 1 }, { x: 2 }], kept: { c: 1 } }
  mergeResults(
    schema,
    target,
    { __typename: 'Named', a: { c: 2 }, list: [{ y: 1 }, null], kept: null, fresh: [1] },
    createSharedValues(),
  )
  expect(target).toEqual({
    __typename: 'A',
    a: { b: 1, c: 2 },
    list: [{ x: 1, y: 1 }, { x: 2 }],
    kept: { c: 1 },
    fresh: [1],
  })
})

test('names of what every object inherits are plain names', () => {
  const target: JsonObject = {}
  const source = JSON.parse('{ "__proto__": { "polluted": 1 }, "constructor": { "a": 1 } }') as JsonObject
  mergeResults(schema, target, copyOf(source), createSharedValues())
  expect(JSON.stringify(target)).toBe('{"__proto__":{"polluted":1},"constructor":{"a":1}}')
  expect(Object.getPrototypeOf(target)).toBe(Object.prototype)
})

test('changes of a copy stay in it', () => {
  const source: JsonObject = { a: { b: [{ c: 1 }, null, 'text'] } }
  const copy = copyOf(source)
  expect(copy).toEqual(source)
  mergeResults(schema, copy, { a: { b: [{ d: 2 }, null, 'text'] } }, createSharedValues())
  expect(copy).toEqual({ a: { b: [{ c: 1, d: 2 }, null, 'text'] } })
  expect(source).toEqual({ a: { b: [{ c: 1 }, null, 'text'] } })
})

test('what several objects hold stays as it is when one of them is told more', () => {
  const shared = createSharedValues()
  const entity: JsonObject = { owner: { name: 'A', home: { city: 'B' } }, tags: [{ a: 1 }] }
  const [one, other]: JsonObject[] = [{}, {}]
  shared.addValuesOf(entity)
  for (const holder of [one!, other!]) mergeResults(schema, holder, entity, shared)
  expect(one!['owner']).toBe(other!['owner'])
  const { home } = one!['owner'] as { home: JsonObject }
  mergeResults(schema, one!, { owner: { age: 1, home: { zip: 2 } }, tags: [{ b: 2 }] }, shared)
  expect(one).toEqual({ owner: { name: 'A', home: { city: 'B', zip: 2 }, age: 1 }, tags: [{ a: 1, b: 2 }] })
  expect(other).toEqual({ owner: { name: 'A', home: { city: 'B' } }, tags: [{ a: 1 }] })
  // What was asked for before the copy is for both.
  expect(shared.withCopies([home])).toEqual([{ city: 'B' }, { city: 'B', zip: 2 }])
})
