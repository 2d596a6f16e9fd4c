// Law: a create whose answer got lost can be sent again without doing the work twice.

import { getNamedType, isInputObjectType, isObjectType } from 'graphql'
import type { Rule, Violation } from './rule.ts'
import { inputValues, rootFields } from './walk.ts'

export const createsAreRepeatable: Rule = {
  name: 'creates-are-repeatable',
  law: 'An `xCreate` that starts work (what it answers has a status) takes `idempotencyKey`; everywhere that is a nullable String.',
  check: ({ api }) => [
    ...rootFields(api, 'Mutation').flatMap(({ coordinate, field }): Violation[] => {
      const payload = getNamedType(field.type)
      if (!field.name.endsWith('Create') || !isObjectType(payload)) return []
      const startsWork = Object.values(payload.getFields()).some(({ type }) => {
        const created = getNamedType(type)
        return isObjectType(created) && 'status' in created.getFields()
      })
      const input = field.args.map(({ type }) => getNamedType(type)).find(isInputObjectType)
      if (!startsWork || (input !== undefined && 'idempotencyKey' in input.getFields())) return []
      return [{ coordinate, message: 'starts work but its input has no idempotencyKey' }]
    }),
    ...inputValues(api)
      .filter(({ value }) => value.name === 'idempotencyKey' && String(value.type) !== 'String')
      .map(({ coordinate, value }) => ({
        coordinate,
        message: `is ${String(value.type)}; write idempotencyKey: String`,
      })),
  ],
}
