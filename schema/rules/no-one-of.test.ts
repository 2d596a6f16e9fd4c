import { expect, test } from 'vitest'
import { noOneOf } from './no-one-of.ts'
import { brokenAt, exampleSubgraphs } from './example.ts'

test('no-one-of: conforming', () => {
  expect(brokenAt(noOneOf, exampleSubgraphs({ a: 'input Choice { a: Int b: Int }' }))).toEqual([])
})

test('no-one-of: violating', () => {
  expect(
    brokenAt(
      noOneOf,
      exampleSubgraphs({ a: 'input Choice @oneOf { a: Int b: Int }' }, 'input Common @oneOf { a: Int }'),
    ),
  ).toEqual(['Common', 'Choice'])
})
