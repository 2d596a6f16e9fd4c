// Law: nothing grows without end: a list is a page of a connection, or says how long it can get.

import { getNullableType, isListType } from 'graphql'
import type { Rule } from './rule.ts'
import { outputFields } from './walk.ts'

export const plainListsAreBounded: Rule = {
  name: 'plain-lists-are-bounded',
  law: 'A plain list in an answer says in its description how long it can be: "At most 100", "Exactly eight".',
  check: ({ api }) =>
    outputFields(api)
      .filter(({ field }) => isListType(getNullableType(field.type)))
      .filter(({ field }) => field.description && !/\b(at most|exactly)\b/i.test(field.description))
      .map(({ coordinate }) => ({
        coordinate,
        message: 'is a list without a bound; say "At most …" or make it a connection',
      })),
}
