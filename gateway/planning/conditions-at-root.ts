// Which fields of a mutation run is decided before it is planned: one that two selections ask for, of which one has a condition, runs once, and where the
// first selection that is let in stands (6.3.2). A plan with conditions in it would have it run for each of them.
import {
  Kind,
  OperationTypeNode,
  valueFromAST,
  GraphQLBoolean,
  type DocumentNode,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql'

/** Values of variables, by their names. */
export type Decided = Readonly<Record<string, boolean>>

export const NOTHING_DECIDED: Decided = {}

/** The variables in conditions at the root of a mutation, sorted; none of other operations. */
export function variablesAtRoot(document: DocumentNode, operation: OperationDefinitionNode): readonly string[] {
  const names = new Set<string>()
  if (operation.operation !== OperationTypeNode.MUTATION) return []
  const fragments = new Map(
    document.definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  )
  const collect = (selections: readonly SelectionNode[]): void => {
    for (const selection of selections) {
      for (const { name, arguments: given } of selection.directives ?? []) {
        if (name.value !== 'include' && name.value !== 'skip') continue
        for (const { value } of given ?? []) if (value.kind === Kind.VARIABLE) names.add(value.name.value)
      }
      if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet.selections)
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = fragments.get(selection.name.value)
        if (fragment) collect(fragment.selectionSet.selections)
      }
    }
  }
  collect(operation.selectionSet.selections)
  return [...names].toSorted()
}

/** What a request makes of them. A value that is no boolean is left out: such a request is refused before its plan runs. */
export function decide(
  names: readonly string[],
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): Decided {
  if (names.length === 0) return NOTHING_DECIDED
  const decided: Record<string, boolean> = {}
  for (const name of names) {
    const definition = operation.variableDefinitions?.find(({ variable }) => variable.name.value === name)
    const value = Object.hasOwn(variables, name)
      ? variables[name]
      : definition?.defaultValue && valueFromAST(definition.defaultValue, GraphQLBoolean)
    if (typeof value === 'boolean') decided[name] = value
  }
  return decided
}
