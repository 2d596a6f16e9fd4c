import { expect, test } from 'vitest'
import { notFoundIsNull } from './not-found-is-null.ts'
import { brokenAt, exampleApi } from './example.ts'

test('not-found-is-null: conforming', () => {
  expect(
    brokenAt(
      notFoundIsNull,
      exampleApi(`type Query { model(id: ID!): Int models: [Int!]! } type Host { model(id: ID!): Int! }`),
    ),
  ).toEqual([])
})

test('not-found-is-null: violating', () => {
  expect(brokenAt(notFoundIsNull, exampleApi(`type Query { model(id: ID!): Int! }`))).toEqual(['Query.model'])
})
