// Law: from an answer one can go on asking: a relation is the thing itself, not its id. Only a deleted thing leaves nothing but its id.

import { getNamedType } from 'graphql'
import type { Rule } from './rule.ts'
import { inputValues, outputFields } from './walk.ts'

export const relationsAreObjects: Rule = {
  name: 'relations-are-objects',
  law: 'Answers hold no field that ends in Id or Ids (except in XDeletePayload); inputs that do are of type ID.',
  check: ({ api }) => [
    ...outputFields(api)
      .filter(({ parent, field }) => /Ids?$/.test(field.name) && !parent.name.endsWith('DeletePayload'))
      .map(({ coordinate }) => ({ coordinate, message: 'is an id; answer the thing itself' })),
    ...inputValues(api)
      .filter(({ value }) => /(^ids?|Ids?)$/.test(value.name) && getNamedType(value.type).name !== 'ID')
      .map(({ coordinate, value }) => ({ coordinate, message: `is ${String(value.type)}; an id is of type ID` })),
  ],
}
