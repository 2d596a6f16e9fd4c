// An operation without what its caller may not read, for the planner, so that no fetch asks for it; and the whole operation with the refused
// selections marked, for the shape of the answer. A selection is refused by the type that it is written on; what is written below a refused one is refused
// with it. `__typename` and introspection are never refused.
import {
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'
import { rootTypeOf } from '../execution/collect-fields.ts'
import type { Claims } from './claims.ts'
import type { AuthorizationRules } from './read-authorization-rules.ts'
import type { Refusal } from './refusal.ts'
import { missingGrantOf } from './requirement.ts'
import { fragmentsOf, valueTypeOf } from './selected-requirements.ts'

export interface FilterOptions {
  schema: GraphQLSchema
  rules: AuthorizationRules
  claims: Claims
  /** Valid, and with the operation. */
  document: DocumentNode
  operation: OperationDefinitionNode
}

export interface FilteredOperation {
  /** What may be read, under the operation's own name. Objects of which nothing may be read are asked for their type's name. */
  readable: DocumentNode
  /** What the client asked for. Fragments that are spread below refused fields are there again, under names that no client can give. */
  marked: { document: DocumentNode; operation: OperationDefinitionNode }
  /** Of nodes of `marked`. A field of the answer is refused where all its nodes are. */
  refusals: ReadonlyMap<FieldNode, Refusal>
  /** Those of the operation's first level, nodes of `marked`. */
  refusedRootFields: readonly FieldNode[]
}

/** Null where everything may be read. */
export function filterUnauthorised(options: FilterOptions): FilteredOperation | null {
  const marked = markRefusals(options)
  if (marked.refusals.size === 0) return null
  return { readable: readablePartOf(options), ...marked }
}

function refusalOf({ rules, claims }: FilterOptions, parent: GraphQLNamedType | null, name: string): Refusal | null {
  const requirement = parent && rules.requirementOf(parent.name, name)
  const missing = requirement && missingGrantOf(requirement, claims)
  return missing ? { missing, coordinate: `${parent.name}.${name}` } : null
}

const TYPE_NAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }

function readablePartOf(options: FilterOptions): DocumentNode {
  const { schema, document, operation } = options
  const fragments = fragmentsOf(document)
  /** Null where nothing of the fragment may be read. */
  const readableFragments = new Map<string, FragmentDefinitionNode | null>()

  const keep = ({ selections }: SelectionSetNode, parent: GraphQLNamedType | null): SelectionNode[] =>
    selections.flatMap((selection): SelectionNode[] => {
      switch (selection.kind) {
        case Kind.FIELD: {
          const name = selection.name.value
          if (refusalOf(options, parent, name)) return []
          return selection.selectionSet
            ? [{ ...selection, selectionSet: orTypeName(keep(selection.selectionSet, valueTypeOf(parent, name))) }]
            : [selection]
        }
        case Kind.INLINE_FRAGMENT: {
          const kept = keep(selection.selectionSet, conditionOf(schema, selection.typeCondition?.name.value, parent))
          return kept.length > 0 ? [{ ...selection, selectionSet: { kind: Kind.SELECTION_SET, selections: kept } }] : []
        }
        case Kind.FRAGMENT_SPREAD:
          return readableFragment(selection.name.value) ? [selection] : []
      }
    })
  const readableFragment = (name: string): FragmentDefinitionNode | null => {
    const known = readableFragments.get(name)
    if (known !== undefined) return known
    const fragment = fragments.get(name)
    const kept = fragment && keep(fragment.selectionSet, conditionOf(schema, fragment.typeCondition.name.value, null))
    const readable =
      fragment && kept && kept.length > 0
        ? { ...fragment, selectionSet: { kind: Kind.SELECTION_SET as const, selections: kept } }
        : null
    readableFragments.set(name, readable)
    return readable
  }

  const selectionSet = orTypeName(keep(operation.selectionSet, rootTypeOf(schema, operation)))
  const spread = [...readableFragments.values()].filter((fragment) => fragment !== null)
  return { kind: Kind.DOCUMENT, definitions: [{ ...operation, selectionSet }, ...spread] }
}

const orTypeName = (selections: readonly SelectionNode[]): SelectionSetNode => ({
  kind: Kind.SELECTION_SET,
  selections: selections.length > 0 ? selections : [TYPE_NAME],
})

function markRefusals(options: FilterOptions): Omit<FilteredOperation, 'readable'> {
  const { schema, document, operation } = options
  const fragments = fragmentsOf(document)
  const markedFragments = new Map<string, FragmentDefinitionNode | null>()
  const refusals = new Map<FieldNode, Refusal>()

  /** `above`: why what it all stands below is refused. */
  const mark = (
    { selections }: SelectionSetNode,
    parent: GraphQLNamedType | null,
    above: Refusal | null,
  ): SelectionSetNode => ({
    kind: Kind.SELECTION_SET,
    selections: selections.map((selection): SelectionNode => {
      switch (selection.kind) {
        case Kind.FIELD: {
          const name = selection.name.value
          const refusal = name.startsWith('__')
            ? null
            : above
              ? { ...above, coordinate: `${parent?.name}.${name}` }
              : refusalOf(options, parent, name)
          const marked = selection.selectionSet
            ? { ...selection, selectionSet: mark(selection.selectionSet, valueTypeOf(parent, name), refusal) }
            : { ...selection }
          if (refusal) refusals.set(marked, refusal)
          return marked
        }
        case Kind.INLINE_FRAGMENT: {
          const type = conditionOf(schema, selection.typeCondition?.name.value, parent)
          return { ...selection, selectionSet: mark(selection.selectionSet, type, above) }
        }
        case Kind.FRAGMENT_SPREAD:
          return { ...selection, name: { kind: Kind.NAME, value: markFragment(selection.name.value, above) } }
      }
    }),
  })
  /** The name of the fragment as it is there; a fragment below refused fields once for each kind of refusal. */
  const markFragment = (name: string, above: Refusal | null): string => {
    const markedName = above ? `${name} without ${above.missing}` : name
    const fragment = fragments.get(name)
    if (!fragment || markedFragments.has(markedName)) return markedName
    markedFragments.set(markedName, null)
    markedFragments.set(markedName, {
      ...fragment,
      name: { kind: Kind.NAME, value: markedName },
      selectionSet: mark(fragment.selectionSet, conditionOf(schema, fragment.typeCondition.name.value, null), above),
    })
    return markedName
  }

  const marked = { ...operation, selectionSet: mark(operation.selectionSet, rootTypeOf(schema, operation), null) }
  const spread = [...markedFragments.values()].filter((fragment) => fragment !== null)
  return {
    marked: { document: { kind: Kind.DOCUMENT, definitions: [marked, ...spread] }, operation: marked },
    refusals,
    refusedRootFields: fieldsOfFirstLevel(marked.selectionSet, markedFragments).filter((field) => refusals.has(field)),
  }
}

function fieldsOfFirstLevel(
  selectionSet: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode | null>,
): FieldNode[] {
  const seen = new Set<string>()
  const fieldsOf = ({ selections }: SelectionSetNode): FieldNode[] =>
    selections.flatMap((selection): FieldNode[] => {
      switch (selection.kind) {
        case Kind.FIELD:
          return [selection]
        case Kind.INLINE_FRAGMENT:
          return fieldsOf(selection.selectionSet)
        case Kind.FRAGMENT_SPREAD: {
          const name = selection.name.value
          const fragment = fragments.get(name)
          if (!fragment || seen.has(name)) return []
          seen.add(name)
          return fieldsOf(fragment.selectionSet)
        }
      }
    })
  return fieldsOf(selectionSet)
}

const conditionOf = (
  schema: GraphQLSchema,
  name: string | undefined,
  parent: GraphQLNamedType | null,
): GraphQLNamedType | null => (name === undefined ? parent : (schema.getType(name) ?? null))
