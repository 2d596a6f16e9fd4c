import { expect, test } from 'vitest'
import { createsAreRepeatable } from './creates-are-repeatable.ts'
import { brokenAt, exampleApi } from './example.ts'

test('creates-are-repeatable: conforming', () => {
  expect(
    brokenAt(
      createsAreRepeatable,
      exampleApi(`type Mutation { jobCreate(input: JobCreateInput!): JobCreatePayload! keyCreate(input: KeyInput!): KeyCreatePayload! } input JobCreateInput { idempotencyKey: String } input KeyInput { name: String! }
  type JobCreatePayload { job: Job } type Job { status: Int } type KeyCreatePayload { key: Key } type Key { name: String }`),
    ),
  ).toEqual([])
})

test('creates-are-repeatable: violating', () => {
  expect(
    brokenAt(
      createsAreRepeatable,
      exampleApi(
        `type Mutation { jobCreate(input: JobCreateInput!): JobCreatePayload! } input JobCreateInput { name: String } type JobCreatePayload { job: Job } type Job { status: Int } input OtherInput { idempotencyKey: ID! }`,
      ),
    ),
  ).toEqual(['Mutation.jobCreate', 'OtherInput.idempotencyKey'])
})
