// Law: every mutation is called alike: `id` selects what exists, `input` says what to do.

import type { Rule } from './rule.ts'
import { rootFields } from './walk.ts'

export const mutationArguments: Rule = {
  name: 'mutation-arguments',
  law: 'A mutation takes `id: ID!`, `input: XInput!`, or both, and nothing else.',
  check: ({ api }) =>
    rootFields(api, 'Mutation').flatMap(({ coordinate, field }) => {
      if (field.args.length === 0) return [{ coordinate, message: 'takes neither `id` nor `input`' }]
      return field.args
        .filter(
          ({ name, type }) =>
            !(name === 'id' && String(type) === 'ID!') && !(name === 'input' && /^\w+Input!$/.test(String(type))),
        )
        .map(({ name, type }) => ({
          coordinate: `${coordinate}(${name}:)`,
          message: `is ${name}: ${String(type)}; only \`id: ID!\` and \`input: XInput!\` are allowed`,
        }))
    }),
}
