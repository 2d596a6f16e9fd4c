// What stock sent to subgraphs that is not valid for them. All that such a fetch would have brought is missing, wherever in it the contradiction is.
import {
  isAbstractType,
  Kind,
  OperationTypeNode,
  parse,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'
import { responseNameOf } from '../collect-fields.ts'
import type { DataDifference, Surroundings } from './find-differences.ts'
import { REFUSED, type Answer } from './open-supergraph.ts'

export interface RefusedFetch {
  reason: string
  /** Response names that it gives to fields that are not the same. */
  conflicts: readonly { name: string; isOfArguments: boolean }[]
  /** A variable that it declares in vain. */
  unused: string | null
  /** Of which types it asks for entities; none where it asks for root fields. */
  entityTypes: readonly string[]
  /** Response names of the root fields that it asks for. */
  rootNames: readonly string[]
}

export function refusedFetchesOf({ errors = [] }: Answer): RefusedFetch[] {
  return errors.flatMap(({ extensions }) => {
    if (extensions?.['code'] !== REFUSED) return []
    const reason = String(extensions['reason'])
    const top = parse(String(extensions['query']), { noLocation: true }).definitions.flatMap((definition) =>
      definition.kind === Kind.OPERATION_DEFINITION ? definition.selectionSet.selections : [],
    )
    const entities = top.find(
      (each): each is SelectionNode & { selectionSet: SelectionSetNode } =>
        each.kind === Kind.FIELD && each.name.value === '_entities' && each.selectionSet !== undefined,
    )
    return [
      {
        reason,
        conflicts: conflictsOf(reason),
        unused: /^Variable "\$(\w+)" is never used/.exec(reason)?.[1] ?? null,
        entityTypes: entities?.selectionSet.selections.flatMap(conditionOf) ?? [],
        rootNames: entities ? [] : top.flatMap((each) => (each.kind === Kind.FIELD ? [responseNameOf(each)] : [])),
      },
    ]
  })
}

/** As graphql-js tells of them; those of objects only because of what is below are left out, and so is what the planner added to a name. */
const conflictsOf = (reason: string): RefusedFetch['conflicts'] =>
  [...reason.matchAll(/"(\w+)" conflict because (?!subfields)(they have differing arguments)?/g)].map(
    ([, name = '', isOfArguments]) => ({
      name: name.replace(/__alias_\d+$/, ''),
      isOfArguments: isOfArguments !== undefined,
    }),
  )

const conditionOf = (selection: SelectionNode): string[] =>
  selection.kind === Kind.INLINE_FRAGMENT && selection.typeCondition ? [selection.typeCondition.name.value] : []

/** Whether a place lacks what a refused fetch would have brought, or what depends on that; or counts less, as mutations were not executed. */
export function isMissingBy(
  fetch: RefusedFetch,
  { path: [rootName], stock, ours }: DataDifference,
  { levels, near }: Surroundings,
  schema: GraphQLSchema,
  operation: OperationTypeNode,
): boolean {
  if (typeof stock === 'number' && typeof ours === 'number')
    return operation === OperationTypeNode.MUTATION && fetch.rootNames.length > 0 && stock < ours
  if (stock !== null && stock !== undefined) return false
  if (rootName === undefined || fetch.rootNames.includes(String(rootName))) return true
  return [...levels, ...near].some((level) =>
    level.some(({ typeName }) => fetch.entityTypes.some((each) => areRelated(schema, typeName, each))),
  )
}

function areRelated(schema: GraphQLSchema, oneName: string, otherName: string): boolean {
  const [one, other] = [schema.getType(oneName), schema.getType(otherName)]
  const isIn = (outer: typeof one, inner: typeof one): boolean =>
    isAbstractType(outer) &&
    inner !== undefined &&
    schema.getPossibleTypes(outer).some(({ name }) => name === inner.name)
  return oneName === otherName || isIn(one, other) || isIn(other, one)
}
