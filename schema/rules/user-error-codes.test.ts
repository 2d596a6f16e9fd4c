import { expect, test } from 'vitest'
import { userErrorCodes } from './user-error-codes.ts'
import { brokenAt, exampleApi } from './example.ts'

test('user-error-codes: conforming', () => {
  expect(
    brokenAt(
      userErrorCodes,
      exampleApi(
        `interface UserError { message: String! } type KeysUserError implements UserError { message: String! code: KeysUserErrorCode! } enum KeysUserErrorCode { INVALID }`,
      ),
    ),
  ).toEqual([])
})

test('user-error-codes: violating', () => {
  expect(
    brokenAt(
      userErrorCodes,
      exampleApi(
        `interface UserError { message: String! } type AUserError implements UserError { message: String! code: String! } type BUserError { message: String! } type Problem implements UserError { message: String! }`,
      ),
    ),
  ).toEqual(['AUserError', 'BUserError', 'Problem'])
})
