// Law: a field required from another subgraph means the same whoever asks: it takes no arguments.

import { Kind, visit } from 'graphql'
import type { Rule, Violation } from './rule.ts'

export const requiresWithoutArguments: Rule = {
  name: 'requires-without-arguments',
  law: 'The selection of `@requires` holds no arguments.',
  check: ({ subgraphs }) =>
    subgraphs.flatMap(({ ownTypeDefs }) => {
      const violations: Violation[] = []
      visit(ownTypeDefs, {
        ObjectTypeDefinition: ({ name, fields }) => {
          for (const field of fields ?? []) {
            const requires = field.directives?.find((directive) => directive.name.value === 'requires')
            const selection = requires?.arguments?.find((argument) => argument.name.value === 'fields')?.value
            if (selection?.kind === Kind.STRING && selection.value.includes('(')) {
              violations.push({
                coordinate: `${name.value}.${field.name.value}`,
                message: '@requires a field with arguments',
              })
            }
          }
        },
      })
      return violations
    }),
}
