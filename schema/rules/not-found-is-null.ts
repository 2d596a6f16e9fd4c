// Law: asking for what is not there is no error.

import { isNonNullType } from 'graphql'
import type { Rule } from './rule.ts'
import { rootFields } from './walk.ts'

export const notFoundIsNull: Rule = {
  name: 'not-found-is-null',
  law: 'A query field that takes `id: ID!` may answer null.',
  check: ({ api }) =>
    rootFields(api, 'Query')
      .filter(({ field }) => field.args.some(({ name }) => name === 'id') && isNonNullType(field.type))
      .map(({ coordinate }) => ({ coordinate, message: 'cannot answer null for an unknown id' })),
}
