import { expect, test } from 'vitest'
import { eventsHaveHappened } from './events-have-happened.ts'
import { brokenAt, exampleApi } from './example.ts'

test('events-have-happened: conforming', () => {
  expect(
    brokenAt(
      eventsHaveHappened,
      exampleApi(
        `scalar DateTime interface JobEvent { cursor: String! occurredAt: DateTime! } type JobStarted implements JobEvent { cursor: String! occurredAt: DateTime! } type JobDelta implements JobEvent { cursor: String! occurredAt: DateTime! sequence: Int! }`,
      ),
    ),
  ).toEqual([])
})

test('events-have-happened: violating', () => {
  expect(
    brokenAt(
      eventsHaveHappened,
      exampleApi(
        `interface JobEvent { cursor: String } type JobStart implements JobEvent { cursor: String } type JobDelta implements JobEvent { cursor: String }`,
      ),
    ),
  ).toEqual(['JobEvent', 'JobEvent', 'JobStart', 'JobDelta'])
})
