// Mutations run in the order of the client (6.2.2), but the planner moves fields that have conditions behind those that have none, and fragments
// before fields. So a mutation's root is written without fragments, and where it matters it is planned once for each outcome of the conditions on its
// root fields; the plan then chooses among the outcomes.
import type { PlanNode } from '@apollo/query-planner'
import {
  Kind,
  OperationTypeNode,
  visit,
  type DocumentNode,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql'
import { TributaryError } from '#shared/errors.ts'
import { outcomeOf } from './condition-outcome.ts'

/** Each one more doubles the plans. */
const MOST_CONDITIONS = 5

export function planInOrder(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  plan: (document: DocumentNode) => PlanNode | null,
): PlanNode | null {
  const isMutation = operation.operation === OperationTypeNode.MUTATION
  const variables = isMutation ? rootConditions(document, operation) : []
  if (variables.length > MOST_CONDITIONS)
    throw new TributaryError(
      'BAD_USER_INPUT',
      `The fields of a mutation have conditions on ${variables.length} variables; at most ${MOST_CONDITIONS} are possible.`,
    )
  const planFor = (current: DocumentNode, [variable, ...others]: readonly string[]): PlanNode | null => {
    if (variable === undefined) return plan(isMutation ? withFlatRoot(current) : current)
    const ifClause = planFor(withOutcome(current, variable, true), others)
    const elseClause = planFor(withOutcome(current, variable, false), others)
    return {
      kind: 'Condition',
      condition: variable,
      ...(ifClause ? { ifClause } : {}),
      ...(elseClause ? { elseClause } : {}),
    }
  }
  return planFor(document, variables)
}

/** Variables that decide about root fields; none where there is only one field, which is always in order. */
function rootConditions(document: DocumentNode, operation: OperationDefinitionNode): string[] {
  const variables = new Set<string>()
  let fieldCount = 0
  const walk = (selections: readonly SelectionNode[]): void => {
    for (const selection of selections) {
      for (const { name, arguments: given } of selection.directives ?? [])
        if (name.value === 'skip' || name.value === 'include')
          for (const { value } of given ?? []) if (value.kind === Kind.VARIABLE) variables.add(value.name.value)
      if (selection.kind === Kind.FIELD) fieldCount += 1
      else if (selection.kind === Kind.INLINE_FRAGMENT) walk(selection.selectionSet.selections)
      else
        for (const each of document.definitions)
          if (each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === selection.name.value)
            walk(each.selectionSet.selections)
    }
  }
  walk(operation.selectionSet.selections)
  return fieldCount > 1 ? [...variables] : []
}

const withOutcome = (document: DocumentNode, variable: string, outcome: boolean): DocumentNode =>
  visit(document, {
    Directive: (directive) =>
      directive.name.value === 'skip' || directive.name.value === 'include'
        ? {
            ...directive,
            arguments: (directive.arguments ?? []).map((argument) =>
              argument.value.kind === Kind.VARIABLE && argument.value.name.value === variable
                ? { ...argument, value: { kind: Kind.BOOLEAN, value: outcome } }
                : argument,
            ),
          }
        : undefined,
  })

/**
 * Fragments at the root become their fields, as far as their conditions are no variables, and named ones below are written out: the planner would find them
 * again, and put them first.
 */
function withFlatRoot(document: DocumentNode): DocumentNode {
  const fragments = new Map(
    document.definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  )
  const flatten = (selections: readonly SelectionNode[]): SelectionNode[] =>
    selections.flatMap((selection): SelectionNode[] => {
      const outcomes = (selection.directives ?? []).map(outcomeOf)
      if (outcomes.includes(false)) return []
      if (selection.kind !== Kind.INLINE_FRAGMENT || outcomes.includes(null)) return [selection]
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
