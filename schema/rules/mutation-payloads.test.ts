import { expect, test } from 'vitest'
import { mutationPayloads } from './mutation-payloads.ts'
import { brokenAt, exampleApi } from './example.ts'

test('mutation-payloads: conforming', () => {
  expect(
    brokenAt(
      mutationPayloads,
      exampleApi(
        `type Mutation { keyCreate: KeyCreatePayload! } type KeyCreatePayload { key: String userErrors: [KeysUserError!]! } interface UserError { message: String! } type KeysUserError implements UserError { message: String! }`,
      ),
    ),
  ).toEqual([])
})

test('mutation-payloads: violating', () => {
  expect(
    brokenAt(
      mutationPayloads,
      exampleApi(`type Mutation { keyCreate: KeyCreatePayload! keyDelete: KeyDeletePayload! keyUpdate: KeyUpdatePayload keyClear: Boolean! } type KeyCreatePayload { key: String! } type KeyUpdatePayload { key: String }
  type KeyDeletePayload { key: String userErrors: [OtherUserError!]! } type OtherUserError { message: String! }`),
    ),
  ).toEqual([
    'KeyCreatePayload',
    'KeyCreatePayload.key',
    'KeyDeletePayload.userErrors',
    'Mutation.keyUpdate',
    'Mutation.keyClear',
  ])
})
