import { expect, test } from 'vitest'
import { requiresWithoutArguments } from './requires-without-arguments.ts'
import { brokenAt, exampleSubgraphs } from './example.ts'

test('requires-without-arguments: conforming', () => {
  expect(
    brokenAt(
      requiresWithoutArguments,
      exampleSubgraphs({
        a: 'type Model @key(fields: "id") { id: ID! size: Int @external price: Int @requires(fields: "size") }',
      }),
    ),
  ).toEqual([])
})

test('requires-without-arguments: violating', () => {
  expect(
    brokenAt(
      requiresWithoutArguments,
      exampleSubgraphs({
        a: 'type Model @key(fields: "id") { id: ID! size(unit: Int): Int @external price: Int @requires(fields: "size(unit: 1)") }',
      }),
    ),
  ).toEqual(['Model.price'])
})
