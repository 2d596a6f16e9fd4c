// What an operation's fields require, each requirement once: callers who meet the same of these get the same plan.
import {
  isCompositeType,
  Kind,
  getNamedType,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import { rootTypeOf } from '../execution/collect-fields.ts'
import type { AuthorizationRules } from './read-authorization-rules.ts'
import type { Requirement } from './requirement.ts'

export function selectedRequirements(options: {
  schema: GraphQLSchema
  rules: AuthorizationRules
  document: DocumentNode
  operation: OperationDefinitionNode
}): Requirement[] {
  const { schema, rules, document, operation } = options
  const fragments = fragmentsOf(document)
  const seen = new Set<string>()
  const found = new Set<Requirement>()
  const visit = (selectionSet: SelectionSetNode, parent: GraphQLNamedType | null | undefined): void => {
    for (const selection of selectionSet.selections) {
      switch (selection.kind) {
        case Kind.FIELD: {
          const requirement = parent && rules.requirementOf(parent.name, selection.name.value)
          if (requirement) found.add(requirement)
          if (selection.selectionSet) visit(selection.selectionSet, valueTypeOf(parent, selection.name.value))
          break
        }
        case Kind.INLINE_FRAGMENT:
          visit(
            selection.selectionSet,
            selection.typeCondition ? schema.getType(selection.typeCondition.name.value) : parent,
          )
          break
        case Kind.FRAGMENT_SPREAD: {
          const name = selection.name.value
          const fragment = fragments.get(name)
          if (!fragment || seen.has(name)) break
          seen.add(name)
          visit(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value))
        }
      }
    }
  }
  visit(operation.selectionSet, rootTypeOf(schema, operation))
  return [...found]
}

/** The type of a field's value without lists and non-null; null for fields of introspection, which nothing restricts. */
export function valueTypeOf(parent: GraphQLNamedType | null | undefined, fieldName: string): GraphQLNamedType | null {
  const field = isCompositeType(parent) && 'getFields' in parent ? parent.getFields()[fieldName] : undefined
  return field ? getNamedType(field.type) : null
}

export const fragmentsOf = (document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> =>
  new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [],
    ),
  )
