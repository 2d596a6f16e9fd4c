// Law: whoever meets a null can read what it means.

import { isNonNullType } from 'graphql'
import type { Rule } from './rule.ts'
import { inputValues, outputFields } from './walk.ts'

export const nullIsExplained: Rule = {
  name: 'null-is-explained',
  law: 'What may be null, and has no default, says in its description what null means.',
  check: ({ api }) => {
    const output = outputFields(api).map(({ coordinate, field }) => ({ coordinate, ...field, defaultValue: undefined }))
    const input = inputValues(api).map(({ coordinate, value }) => ({ coordinate, ...value }))
    return [...output, ...input]
      .filter(({ type, defaultValue }) => !isNonNullType(type) && defaultValue === undefined)
      .filter(({ description }) => description && !/\bnull\b/i.test(description))
      .map(({ coordinate }) => ({
        coordinate,
        message: 'may be null, but its description does not say what null means',
      }))
  },
}
