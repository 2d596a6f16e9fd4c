import { expect, test } from 'vitest'
import { mutationsSubjectFirst } from './mutations-subject-first.ts'
import { brokenAt, exampleApi } from './example.ts'

test('mutations-subject-first: conforming', () => {
  expect(
    brokenAt(
      mutationsSubjectFirst,
      exampleApi(
        `type Mutation { apiKeyCreate: Int ingestionJobCancel: Int } type ApiKey { id: ID! } type IngestionJob { id: ID! }`,
      ),
    ),
  ).toEqual([])
})

test('mutations-subject-first: violating', () => {
  expect(
    brokenAt(
      mutationsSubjectFirst,
      exampleApi(
        `type Mutation { createApiKey: Int apiKey: Int hostPull: Int apiKeyreset: Int apiKeyDoIt: Int } type ApiKey { id: ID! }`,
      ),
    ),
  ).toEqual([
    'Mutation.createApiKey',
    'Mutation.apiKey',
    'Mutation.hostPull',
    'Mutation.apiKeyreset',
    'Mutation.apiKeyDoIt',
  ])
})
