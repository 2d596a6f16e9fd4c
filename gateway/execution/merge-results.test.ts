// What merging keeps, and that a copy is one all the way down.
import { buildSchema } from 'graphql'
import { expect, test } from 'vitest'
import { copyOf, mergeResults } from './merge-results.ts'
import { NOTHING_SHARED } from './shared-values.ts'
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
    NOTHING_SHARED,
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
  mergeResults(schema, target, copyOf(source), NOTHING_SHARED)
  expect(JSON.stringify(target)).toBe('{"__proto__":{"polluted":1},"constructor":{"a":1}}')
  expect(Object.getPrototypeOf(target)).toBe(Object.prototype)
})

test('changes of a copy stay in it', () => {
  const source: JsonObject = { a: { b: [{ c: 1 }, null, 'text'] } }
  const copy = copyOf(source)
  expect(copy).toEqual(source)
  mergeResults(schema, copy, { a: { b: [{ d: 2 }, null, 'text'] } }, NOTHING_SHARED)
  expect(copy).toEqual({ a: { b: [{ c: 1, d: 2 }, null, 'text'] } })
  expect(source).toEqual({ a: { b: [{ c: 1 }, null, 'text'] } })
})
