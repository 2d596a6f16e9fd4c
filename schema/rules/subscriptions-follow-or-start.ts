// Law: the name of a subscription tells whether it only watches or also starts work, and every stream can be resumed.

import { getNamedType, isInterfaceType } from 'graphql'
import type { Rule, Violation } from './rule.ts'
import { rootFields } from './walk.ts'

const argumentsBySuffix: Record<string, RegExp> = {
  Events: /^id: ID!, after: String$/,
  Stream: /^input: \w+Input!$/,
}

export const subscriptionsFollowOrStart: Rule = {
  name: 'subscriptions-follow-or-start',
  law: 'A subscription is `xEvents(id: ID!, after: String): XEvent!` or `xStream(input: YInput!): XEvent!` of an interface.',
  check: ({ api }) =>
    rootFields(api, 'Subscription').flatMap(({ coordinate, field }): Violation[] => {
      const [, subject = '', suffix = ''] = /^(\w+)(Events|Stream)$/.exec(field.name) ?? []
      const wantedArguments = argumentsBySuffix[suffix]
      if (wantedArguments === undefined) return [{ coordinate, message: 'is called neither xEvents nor xStream' }]
      const violations: Violation[] = []
      const signature = field.args.map(({ name, type }) => `${name}: ${String(type)}`).join(', ')
      if (!wantedArguments.test(signature)) violations.push({ coordinate, message: `takes (${signature})` })
      const event = `${subject.charAt(0).toUpperCase()}${subject.slice(1)}Event`
      if (String(field.type) !== `${event}!` || !isInterfaceType(getNamedType(field.type))) {
        violations.push({ coordinate, message: `answers ${String(field.type)} instead of the interface ${event}!` })
      }
      return violations
    }),
}
