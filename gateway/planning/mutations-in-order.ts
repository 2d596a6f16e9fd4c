// Mutations run in the order of the client (6.2.2). The planner finds the fragments of an operation again in what it asks of a subgraph, and puts them
// before other fields; so a mutation is planned without fragments.
import { Kind, visit, type DocumentNode, type SelectionNode } from 'graphql'
import { outcomeOf } from './condition-outcome.ts'
import type { Decided } from './conditions-at-root.ts'

/** Fragments at the root become their fields, without the conditions that are decided; named ones are written out everywhere. */
export function withRootInOrder(document: DocumentNode, decided: Decided): DocumentNode {
  const fragments = new Map(
    document.definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  )
  const flatten = (selections: readonly SelectionNode[]): SelectionNode[] =>
    selections.flatMap((selection): SelectionNode[] => {
      const outcomes = new Map(selection.directives?.map((directive) => [directive, outcomeOf(directive, decided)]))
      if ([...outcomes.values()].includes(false)) return []
      const directives = selection.directives?.filter((directive) => outcomes.get(directive) === null) ?? []
      if (selection.kind !== Kind.INLINE_FRAGMENT || directives.length > 0) return [{ ...selection, directives }]
      return flatten(selection.selectionSet.selections)
    })
  const writtenOut = visit(document, {
    FragmentDefinition: () => null,
    FragmentSpread({ name, directives }) {
      const fragment = fragments.get(name.value)
      return fragment
        ? {
            kind: Kind.INLINE_FRAGMENT,
            typeCondition: fragment.typeCondition,
            selectionSet: fragment.selectionSet,
            ...(directives ? { directives } : {}),
          }
        : undefined
    },
  })
  return visit(writtenOut, {
    OperationDefinition: (definition) => ({
      ...definition,
      selectionSet: { ...definition.selectionSet, selections: flatten(definition.selectionSet.selections) },
    }),
  })
}
