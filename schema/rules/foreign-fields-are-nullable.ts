// Law: one subgraph that fails takes nothing of another's answer with it.

import { Kind, type FieldDefinitionNode } from 'graphql'
import { entityDefinitions } from '../ownership.ts'
import type { Rule } from './rule.ts'

export const foreignFieldsAreNullable: Rule = {
  name: 'foreign-fields-are-nullable',
  law: 'A field that leads to an entity of another subgraph, or adds to one, may be null.',
  check: ({ subgraphs }) =>
    subgraphs.flatMap(({ ownTypeDefs }) => {
      const foreign = new Set(
        entityDefinitions(ownTypeDefs)
          .filter(({ role }) => role === 'referenced')
          .map(({ name }) => name),
      )
      return ownTypeDefs.definitions.flatMap((definition) => {
        if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION)
          return []
        const typeName = definition.name.value
        return (definition.fields ?? [])
          .filter((field) => field.name.value !== 'id' && field.type.kind === Kind.NON_NULL_TYPE)
          .filter((field) => foreign.has(typeName) || foreign.has(nameOfType(field)))
          .map((field) => ({
            coordinate: `${typeName}.${field.name.value}`,
            message: 'depends on another subgraph and must be nullable',
          }))
      })
    }),
}

function nameOfType({ type }: FieldDefinitionNode): string {
  let inner = type
  while (inner.kind !== Kind.NAMED_TYPE) inner = inner.type
  return inner.name.value
}
