import { expect, test } from 'vitest'
import { plainListsAreBounded } from './plain-lists-are-bounded.ts'
import { brokenAt, exampleApi } from './example.ts'

test('plain-lists-are-bounded: conforming', () => {
  expect(
    brokenAt(
      plainListsAreBounded,
      exampleApi(
        `type Model { "Its tags. At most 20." tags: [String!]! "Exactly eight steps." steps: [Int!]! "Its name." name: String }`,
      ),
    ),
  ).toEqual([])
})

test('plain-lists-are-bounded: violating', () => {
  expect(
    brokenAt(
      plainListsAreBounded,
      exampleApi(`type Model { "Its tags." tags: [String!]! "All hosts." hosts: [String!] }`),
    ),
  ).toEqual(['Model.tags', 'Model.hosts'])
})
