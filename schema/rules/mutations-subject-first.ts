// Law: mutations sort by what they change: the type first, then one verb.

import { isObjectType } from 'graphql'
import type { Rule } from './rule.ts'
import { namedTypes, rootFields } from './walk.ts'

export const mutationsSubjectFirst: Rule = {
  name: 'mutations-subject-first',
  law: 'A mutation is named after the type it changes, followed by a verb: `knowledgeBaseCreate`.',
  check: ({ api }) => {
    const subjects = namedTypes(api)
      .filter(isObjectType)
      .map(({ name }) => name.charAt(0).toLowerCase() + name.slice(1))
    return rootFields(api, 'Mutation')
      .filter(({ field }) => !subjects.some((subject) => isSubjectWithVerb(field.name, subject)))
      .map(({ coordinate }) => ({
        coordinate,
        message: 'does not begin with a type of the schema and end with one verb',
      }))
  },
}

function isSubjectWithVerb(name: string, subject: string): boolean {
  return name.startsWith(subject) && /^[A-Z][a-z]+$/.test(name.slice(subject.length))
}
