import { expect, test } from 'vitest'
import { subscriptionsFollowOrStart } from './subscriptions-follow-or-start.ts'
import { brokenAt, exampleApi } from './example.ts'

test('subscriptions-follow-or-start: conforming', () => {
  expect(
    brokenAt(
      subscriptionsFollowOrStart,
      exampleApi(
        `type Subscription { jobEvents(id: ID!, after: String): JobEvent! jobStream(input: JobInput!): JobEvent! } interface JobEvent { cursor: String! } input JobInput { name: String }`,
      ),
    ),
  ).toEqual([])
})

test('subscriptions-follow-or-start: violating', () => {
  expect(
    brokenAt(
      subscriptionsFollowOrStart,
      exampleApi(
        `type Subscription { jobChanged: JobEvent! jobEvents(id: ID!): JobEvent! jobStream(input: JobInput!): JobEvent keyEvents(id: ID!, after: String): KeyEvent! } interface JobEvent { cursor: String! } type KeyEvent { cursor: String! } input JobInput { name: String }`,
      ),
    ),
  ).toEqual(['Subscription.jobChanged', 'Subscription.jobEvents', 'Subscription.jobStream', 'Subscription.keyEvents'])
})
