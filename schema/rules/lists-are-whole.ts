// Law: a list that is answered is complete: no holes, and empty rather than absent.

import { getNullableType, isListType, isNonNullType } from 'graphql'
import type { Rule } from './rule.ts'
import { inputValues, outputFields } from './walk.ts'

export const listsAreWhole: Rule = {
  name: 'lists-are-whole',
  law: 'Lists in answers are `[T!]!`, lists in inputs hold no nulls. Only `UserError.path` may be null as a whole: no single input.',
  check: ({ api }) => {
    const output = outputFields(api).map(({ coordinate, field }) => ({
      coordinate,
      type: field.type,
      mayBeNull: field.name === 'path' && coordinate.endsWith('UserError.path'),
    }))
    const input = inputValues(api).map(({ coordinate, value }) => ({ coordinate, type: value.type, mayBeNull: true }))
    return [...output, ...input].flatMap(({ coordinate, type, mayBeNull }) => {
      const list = getNullableType(type)
      if (!isListType(list)) return []
      if (isNonNullType(list.ofType) && (mayBeNull || isNonNullType(type))) return []
      return [{ coordinate, message: `is ${String(type)}; write ${mayBeNull ? '[T!]' : '[T!]!'}` }]
    })
  },
}
