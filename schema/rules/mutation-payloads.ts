// Law: a mutation always answers; what it could not do stands in `userErrors` beside a null.

import { getNullableType, isInterfaceType, isListType, isNonNullType, isObjectType, getNamedType } from 'graphql'
import type { Rule, Violation } from './rule.ts'
import { rootFields } from './walk.ts'

export const mutationPayloads: Rule = {
  name: 'mutation-payloads',
  law: 'Mutation `x` answers `XPayload!`: what changed, nullable, and `userErrors: [YUserError!]!`.',
  check: ({ api }) =>
    rootFields(api, 'Mutation').flatMap(({ coordinate, field }): Violation[] => {
      const wanted = `${field.name.charAt(0).toUpperCase()}${field.name.slice(1)}Payload`
      const payload = getNullableType(field.type)
      if (!isNonNullType(field.type) || !isObjectType(payload) || payload.name !== wanted) {
        return [{ coordinate, message: `answers ${String(field.type)} instead of ${wanted}!` }]
      }
      const { userErrors, ...changed } = payload.getFields()
      const notNullable = Object.values(changed)
        .filter(({ type }) => isNonNullType(type))
        .map(({ name }) => ({
          coordinate: `${wanted}.${name}`,
          message: 'cannot be null when the mutation was refused',
        }))
      if (userErrors === undefined) return [{ coordinate: wanted, message: 'has no `userErrors`' }, ...notNullable]
      return [...notNullable, ...userErrorViolations(`${wanted}.userErrors`, userErrors.type)]
    }),
}

function userErrorViolations(coordinate: string, type: unknown): Violation[] {
  const item = getNamedType(type as Parameters<typeof getNamedType>[0])
  const isImplementation =
    isObjectType(item) &&
    item.getInterfaces().some((candidate) => isInterfaceType(candidate) && candidate.name === 'UserError')
  const list = isNonNullType(type) ? type.ofType : null
  if (isImplementation && isListType(list) && String(type) === `[${item.name}!]!`) return []
  return [{ coordinate, message: `is ${String(type)}; write [XUserError!]! of a type that implements UserError` }]
}
