// Law: one subgraph says what an entity is. The owner describes it and answers for it by `id`; the others write stubs.

import type { EntityDefinition } from '../ownership.ts'
import { entityDefinitions } from '../ownership.ts'
import type { Rule, Violation } from './rule.ts'

export const entitiesHaveOneOwner: Rule = {
  name: 'entities-have-one-owner',
  law: 'An entity has the one key `id`, implements Node, and exactly one subgraph describes it, with a resolvable key.',
  check: ({ subgraphs }) => {
    const definitions = subgraphs.flatMap(({ name, ownTypeDefs }) =>
      entityDefinitions(ownTypeDefs).map((definition) => ({ subgraph: name, ...definition })),
    )
    const entityNames = [...new Set(definitions.map(({ name }) => name))]
    const ownerViolations = entityNames.flatMap((name): Violation[] => {
      const owners = definitions.filter((definition) => definition.name === name && definition.role === 'owned')
      if (owners.length !== 1) {
        const found = owners.map(({ subgraph }) => subgraph).join(' and ') || 'no subgraph'
        return [{ coordinate: name, message: `is described by ${found}; exactly one owns it` }]
      }
      return owners[0]?.isResolvable ? [] : [{ coordinate: name, message: 'cannot be resolved at its owner' }]
    })
    const shapeViolations = definitions.flatMap((definition) =>
      shapeProblems(definition).map((message) => ({
        coordinate: definition.name,
        message: `in ${definition.subgraph} ${message}`,
      })),
    )
    return [...ownerViolations, ...shapeViolations]
  },
}

function shapeProblems({ node }: EntityDefinition): string[] {
  const keys = (node.directives ?? []).filter(({ name }) => name.value === 'key')
  const fields = keys.map((key) => key.arguments?.find(({ name }) => name.value === 'fields')?.value)
  const problems: string[] = []
  if (fields.length !== 1 || fields[0]?.kind !== 'StringValue' || fields[0].value !== 'id')
    problems.push('has a key other than `id`')
  if (!node.interfaces?.some(({ name }) => name.value === 'Node')) problems.push('does not implement Node')
  return problems
}
