// Law: what several subgraphs use is written once, in common.graphql.

import { Kind } from 'graphql'
import type { Rule, Violation } from './rule.ts'

export const sharedTypesAreCommon: Rule = {
  name: 'shared-types-are-common',
  law: '`@shareable` stands in common.graphql only; no type but root types and entities is written in two subgraphs.',
  check: ({ subgraphs }) => {
    const writtenIn = new Map<string, string>()
    return subgraphs.flatMap(({ name: subgraph, ownTypeDefs }) =>
      ownTypeDefs.definitions.flatMap((definition): Violation[] => {
        if (!('name' in definition) || definition.name === undefined) return []
        const name = definition.name.value
        const directives = 'directives' in definition ? (definition.directives ?? []) : []
        if (directives.some((directive) => directive.name.value === 'shareable')) {
          return [{ coordinate: name, message: `is @shareable in ${subgraph}; move it to common.graphql` }]
        }
        const isEntity = directives.some((directive) => directive.name.value === 'key')
        if (isEntity || ['Query', 'Mutation', 'Subscription'].includes(name)) return []
        const other = writtenIn.get(name)
        writtenIn.set(name, subgraph)
        if (other === undefined || definition.kind === Kind.DIRECTIVE_DEFINITION) return []
        return [{ coordinate: name, message: `is written in ${other} and in ${subgraph}; move it to common.graphql` }]
      }),
    )
  },
}
