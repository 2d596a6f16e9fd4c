// Law: an event is something that has happened, at a time and at a place in its stream.

import { isInterfaceType, isObjectType } from 'graphql'
import type { Rule, Violation } from './rule.ts'
import { namedTypes } from './walk.ts'

export const eventsHaveHappened: Rule = {
  name: 'events-have-happened',
  law: 'An XEvent interface has `cursor: String!` and `occurredAt: DateTime!`; its types end in a past tense, or in Delta and have `sequence: Int!`.',
  check: ({ api }) =>
    namedTypes(api).flatMap((type): Violation[] => {
      if (isInterfaceType(type) && type.name.endsWith('Event')) {
        return Object.entries({ cursor: 'String!', occurredAt: 'DateTime!' })
          .filter(([name, wanted]) => String(type.getFields()[name]?.type) !== wanted)
          .map(([name, wanted]) => ({ coordinate: type.name, message: `has no ${name}: ${wanted}` }))
      }
      if (!isObjectType(type) || !type.getInterfaces().some(({ name }) => name.endsWith('Event'))) return []
      if (type.name.endsWith('Delta')) {
        const isNumbered = String(type.getFields()['sequence']?.type) === 'Int!'
        return isNumbered ? [] : [{ coordinate: type.name, message: 'is a delta without sequence: Int!' }]
      }
      return /(ed|Begun|Found|Lost|Sent)$/.test(type.name)
        ? []
        : [{ coordinate: type.name, message: 'is an event not named in the past tense' }]
    }),
}
