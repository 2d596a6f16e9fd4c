// Law: programs act on codes, people read messages; both are always there.

import { isObjectType } from 'graphql'
import type { Rule } from './rule.ts'
import { namedTypes } from './walk.ts'

export const userErrorCodes: Rule = {
  name: 'user-error-codes',
  law: 'A type implements `UserError` exactly when it is called `XUserError`, and has `code: XUserErrorCode!`.',
  check: ({ api }) =>
    namedTypes(api).flatMap((type) => {
      if (!isObjectType(type)) return []
      const isImplementation = type.getInterfaces().some(({ name }) => name === 'UserError')
      if (isImplementation !== type.name.endsWith('UserError')) {
        return [{ coordinate: type.name, message: 'is called XUserError or implements UserError, but not both' }]
      }
      const wanted = `${type.name}Code!`
      if (!isImplementation || String(type.getFields()['code']?.type) === wanted) return []
      return [{ coordinate: type.name, message: `has no field \`code: ${wanted}\`` }]
    }),
}
