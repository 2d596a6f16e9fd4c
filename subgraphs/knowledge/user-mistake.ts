// A mistake of the caller: a user error in a mutation's payload, an error BAD_USER_INPUT where there is no payload.
import { TributaryError } from '#shared/errors.ts'

export interface UserMistake {
  code: 'INVALID' | 'NOT_FOUND' | 'NAME_TAKEN' | 'CONTEXT_TOO_LONG' | 'MODEL_NOT_AVAILABLE'
  message: string
  path: string[]
}

export const notFound = (what: string, path: string[] = ['id']): UserMistake => ({
  code: 'NOT_FOUND',
  message: `There is no ${what} with this id in the workspace.`,
  path,
})

/** For subscriptions and query fields: every mistake of the input is BAD_USER_INPUT there. */
export const asError = (mistake: UserMistake): TributaryError =>
  new TributaryError('BAD_USER_INPUT', mistake.message, { path: mistake.path })
