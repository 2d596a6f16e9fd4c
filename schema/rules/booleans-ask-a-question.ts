// Law: a boolean reads as a question that yes or no answers.

import { getNamedType } from 'graphql'
import type { Rule } from './rule.ts'
import { inputValues, outputFields } from './walk.ts'

export const booleansAskAQuestion: Rule = {
  name: 'booleans-ask-a-question',
  law: 'Names of booleans begin with is, has or can, and no other names do.',
  check: ({ api }) =>
    [
      ...outputFields(api).map(({ coordinate, field }) => ({ coordinate, name: field.name, type: field.type })),
      ...inputValues(api).map(({ coordinate, value }) => ({ coordinate, name: value.name, type: value.type })),
    ]
      .filter(({ name, type }) => (getNamedType(type).name === 'Boolean') !== /^(is|has|can)[A-Z]/.test(name))
      .map(({ coordinate, type }) => ({
        coordinate,
        message: `is ${String(type)}; is/has/can belongs to booleans, and to all of them`,
      })),
}
