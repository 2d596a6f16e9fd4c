import { expect, test } from 'vitest'
import { noVerbPrefixes } from './no-verb-prefixes.ts'
import { brokenAt, exampleApi } from './example.ts'

test('no-verb-prefixes: conforming', () => {
  expect(brokenAt(noVerbPrefixes, exampleApi(`type Query { model: Int listing: Int getaway: Int }`))).toEqual([])
})

test('no-verb-prefixes: violating', () => {
  expect(brokenAt(noVerbPrefixes, exampleApi(`type Query { getModel: Int listModels: Int find: Int }`))).toEqual([
    'Query.getModel',
    'Query.listModels',
    'Query.find',
  ])
})
