// Which fields an operation selects of an object, in the order of the specification (6.3.2, CollectFields), for given values of the variables
// that @skip and @include look at.
import {
  isAbstractType,
  Kind,
  OperationTypeNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'

export type Conditions = Readonly<Record<string, unknown>>

export interface FieldCollector {
  /** The names of variables that conditions look at, anywhere in the document. */
  conditionVariables: readonly string[]
  /** By response name; several nodes where the operation selects the field several times. */
  collect(
    type: GraphQLObjectType | GraphQLInterfaceType,
    selectionSets: readonly SelectionSetNode[],
    conditions: Conditions,
  ): Map<string, FieldNode[]>
}

export function createFieldCollector(schema: GraphQLSchema, document: DocumentNode): FieldCollector {
  const fragments = new Map(
    document.definitions
      .filter((definition): definition is FragmentDefinitionNode => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  )

  const applies = (type: GraphQLObjectType | GraphQLInterfaceType, conditionName: string): boolean => {
    if (type.name === conditionName) return true
    const condition = schema.getType(conditionName)
    return isAbstractType(condition) && schema.isSubType(condition, type)
  }

  return {
    conditionVariables: conditionVariablesOf(document),
    collect(type, selectionSets, conditions) {
      const fields = new Map<string, FieldNode[]>()
      const spread = new Set<string>()
      const visit = (selectionSet: SelectionSetNode): void => {
        for (const selection of selectionSet.selections) {
          if (!isIncluded(selection.directives, conditions)) continue
          switch (selection.kind) {
            case Kind.FIELD: {
              const key = responseNameOf(selection)
              const known = fields.get(key)
              if (known) known.push(selection)
              else fields.set(key, [selection])
              break
            }
            case Kind.INLINE_FRAGMENT:
              if (!selection.typeCondition || applies(type, selection.typeCondition.name.value))
                visit(selection.selectionSet)
              break
            case Kind.FRAGMENT_SPREAD: {
              const name = selection.name.value
              const fragment = fragments.get(name)
              if (!fragment || spread.has(name)) break
              spread.add(name)
              if (applies(type, fragment.typeCondition.name.value)) visit(fragment.selectionSet)
            }
          }
        }
      }
      for (const selectionSet of selectionSets) visit(selectionSet)
      return fields
    },
  }
}

export const responseNameOf = (field: FieldNode): string => (field.alias ?? field.name).value

/** The object type at whose fields an operation begins. */
export function rootTypeOf(schema: GraphQLSchema, operation: OperationDefinitionNode): GraphQLObjectType | null {
  switch (operation.operation) {
    case OperationTypeNode.QUERY:
      return schema.getQueryType() ?? null
    case OperationTypeNode.MUTATION:
      return schema.getMutationType() ?? null
    case OperationTypeNode.SUBSCRIPTION:
      return schema.getSubscriptionType() ?? null
  }
}

/** Whether conditions let a selection in. */
export function isIncluded(directives: readonly DirectiveNode[] | undefined, conditions: Conditions): boolean {
  for (const directive of directives ?? []) {
    const name = directive.name.value
    if (name !== 'skip' && name !== 'include') continue
    const value = directive.arguments?.find((argument) => argument.name.value === 'if')?.value
    const isTrue =
      value?.kind === Kind.VARIABLE
        ? conditions[value.name.value] === true
        : value?.kind === Kind.BOOLEAN && value.value
    if (isTrue === (name === 'skip')) return false
  }
  return true
}

function conditionVariablesOf(document: DocumentNode): string[] {
  const names = new Set<string>()
  const visit = (selectionSet: SelectionSetNode | undefined): void => {
    for (const selection of selectionSet?.selections ?? []) {
      for (const { name, arguments: given } of selection.directives ?? []) {
        if (name.value !== 'skip' && name.value !== 'include') continue
        for (const { value } of given ?? []) if (value.kind === Kind.VARIABLE) names.add(value.name.value)
      }
      if (selection.kind !== Kind.FRAGMENT_SPREAD) visit(selection.selectionSet)
    }
  }
  for (const definition of document.definitions)
    if (definition.kind === Kind.OPERATION_DEFINITION || definition.kind === Kind.FRAGMENT_DEFINITION)
      visit(definition.selectionSet)
  return [...names]
}
