import { expect, test } from 'vitest'
import { listsAreWhole } from './lists-are-whole.ts'
import { brokenAt, exampleApi } from './example.ts'

test('lists-are-whole: conforming', () => {
  expect(
    brokenAt(
      listsAreWhole,
      exampleApi(
        `type Model { tags: [String!]! } type ModelsUserError { path: [String!] } input ModelInput { tags: [String!] ids: [ID!]! }`,
      ),
    ),
  ).toEqual([])
})

test('lists-are-whole: violating', () => {
  expect(
    brokenAt(
      listsAreWhole,
      exampleApi(
        `type Model { tags: [String]! hosts: [String!] path: [String!] } type ModelsUserError { path: [String] } input ModelInput { tags: [String] }`,
      ),
    ),
  ).toEqual(['Model.tags', 'Model.hosts', 'Model.path', 'ModelsUserError.path', 'ModelInput.tags'])
})
