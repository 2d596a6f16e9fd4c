// Who owns an entity, told from the schema files alone: the owner describes the type; every other subgraph that mentions it
// writes a stub without a description, either a pure reference or with fields it adds.

import { Kind, type DirectiveNode, type DocumentNode, type ObjectTypeDefinitionNode } from 'graphql'

export type EntityDefinition = {
  readonly name: string
  readonly role: 'owned' | 'referenced'
  /** Whether the gateway may ask this subgraph for fields of the type by its key. */
  readonly isResolvable: boolean
  readonly node: ObjectTypeDefinitionNode
}

/** Every object type with a key in one subgraph's own file. */
export function entityDefinitions(ownTypeDefs: DocumentNode): EntityDefinition[] {
  return ownTypeDefs.definitions.flatMap((node) => {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION) return []
    const key = node.directives?.find((directive) => directive.name.value === 'key')
    if (key === undefined) return []
    const role = node.description === undefined ? 'referenced' : 'owned'
    return [{ name: node.name.value, role, isResolvable: isResolvable(key), node }]
  })
}

function isResolvable(key: DirectiveNode): boolean {
  const argument = key.arguments?.find(({ name }) => name.value === 'resolvable')
  return !(argument?.value.kind === Kind.BOOLEAN && !argument.value.value)
}
