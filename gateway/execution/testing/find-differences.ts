// Where two answers differ, each place once and as deep as it can be told; and what the operation selects around such a place.
import {
  getNamedType,
  getVariableValues,
  isCompositeType,
  Kind,
  visit,
  type FieldNode,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'
import { isDeepStrictEqual } from 'node:util'
import { isIncluded, responseNameOf, rootTypeOf } from '../collect-fields.ts'
import { errorsOf, type Explained } from './compare-answers.ts'
import type { Answer } from './open-supergraph.ts'
import type { PreparedForTest } from './prepare-for-test.ts'

type Path = readonly (string | number)[]

export interface DataDifference {
  path: Path
  stock: unknown
  ours: unknown
}

export interface Differences {
  data: readonly DataDifference[]
  /** Only in one of the answers, and not because the data differs there. */
  errorsOfStock: readonly Explained[]
  errorsOfOurs: readonly Explained[]
}

export function findDifferences(stock: Answer, ours: Answer): Differences {
  const data = differencesOf(stock.data, ours.data, [])
  const places = data.map((each) => each.path.join('.'))
  const isBesideData = ({ path }: Explained): boolean => {
    const [start = ''] = path.split(/\.?@/)
    return places.some((place) => isWithin(place, start) || isWithin(start, place))
  }
  const [theirs, own] = [errorsOf(stock.errors).map(withoutOwnCode), errorsOf(ours.errors)]
  const only = (some: readonly Explained[], others: readonly Explained[]) =>
    some.filter((one) => !isBesideData(one) && !others.some((other) => isDeepStrictEqual(one, other)))
  return { data, errorsOfStock: only(theirs, own), errorsOfOurs: only(own, theirs) }
}

/** Where a subgraph gave an error no code, each gateway gives it one of its own. */
export const withoutOwnCode = ({ path, code }: Explained): Explained => ({
  path,
  code: code === 'DOWNSTREAM_SERVICE_ERROR' ? 'INTERNAL_SERVER_ERROR' : code,
})

const isWithin = (path: string, outer: string): boolean => outer === '' || `${path}.`.startsWith(`${outer}.`)

function differencesOf(stock: unknown, ours: unknown, path: Path): DataDifference[] {
  if (isDeepStrictEqual(stock, ours)) return []
  if (Array.isArray(stock) && Array.isArray(ours) && stock.length === ours.length)
    return ours.flatMap((item, index) => differencesOf(stock[index], item, [...path, index]))
  if (isObject(stock) && isObject(ours)) {
    const keys = new Set([...Object.keys(ours), ...Object.keys(stock)])
    return [...keys].flatMap((key) => differencesOf(stock[key], ours[key], [...path, key]))
  }
  return [{ path, stock, ours }]
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export interface Selected {
  field: FieldNode
  name: string
  /** The type that has the field. */
  typeName: string
  returns: string
  /** By a condition of its own, or of what it stands in. */
  isLeftOut: boolean
  /** Whether it stands under a condition within its selection set. */
  isConditional: boolean
  /** Variables of its arguments, and of conditions that it stands under, within its selection set. */
  variables: readonly string[]
  /** Type conditions that it stands under, within its selection set; outermost first. */
  fragments: readonly string[]
}

export interface Surroundings {
  /** The selections of each object on the way to the difference, the outermost first. The last one has the field that differs. */
  levels: readonly (readonly Selected[])[]
  /** The field that differs, wherever it is selected; empty for the whole answer. */
  at: readonly Selected[]
  /** Selections of the object that has the field, and, where that is not a leaf, of each object below. */
  near: readonly (readonly Selected[])[]
  /** The fields that lead to it. */
  above: readonly (readonly Selected[])[]
  /** What is selected of each object that fields return, and of each below. */
  levelsBelow(selected: readonly Selected[]): readonly (readonly Selected[])[]
}

export function surroundingsOf(schema: GraphQLSchema, prepared: PreparedForTest, path: Path): Surroundings {
  const { document, operation, variables } = prepared
  const conditions = getVariableValues(schema, operation.variableDefinitions ?? [], variables).coerced ?? {}
  const fragments = new Map(
    document.definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  )
  const collect = (
    { selections }: SelectionSetNode,
    typeName: string,
    isLeftOut: boolean,
    within: readonly string[] = [],
    isBelowCondition = false,
    variablesAbove: readonly string[] = [],
  ): Selected[] =>
    selections.flatMap((selection: SelectionNode) => {
      const isConditional = isBelowCondition || (selection.directives ?? []).length > 0
      const variables = [...variablesAbove, ...variablesOf(selection)]
      const isOut = isLeftOut || !isIncluded(selection.directives, conditions)
      if (selection.kind === Kind.FIELD) {
        const name = selection.name.value
        const type = schema.getType(typeName)
        const returned = type && 'getFields' in type ? type.getFields()[name] : undefined
        const returns = returned && 'args' in returned ? String(getNamedType(returned.type)) : ''
        return [
          { field: selection, name, typeName, returns, isLeftOut: isOut, isConditional, variables, fragments: within },
        ]
      }
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection
      if (!fragment) return []
      const condition = fragment.typeCondition?.name.value
      return collect(
        fragment.selectionSet,
        condition ?? typeName,
        isOut,
        condition ? [...within, condition] : within,
        isConditional,
        variables,
      )
    })
  const below = (selected: readonly Selected[]): Selected[] =>
    selected.flatMap(({ field, returns, isLeftOut }) =>
      field.selectionSet && isCompositeType(schema.getType(returns))
        ? collect(field.selectionSet, returns, isLeftOut)
        : [],
    )
  const levelsBelow = (selected: readonly Selected[]): (readonly Selected[])[] => {
    const level = below(selected)
    if (level.length === 0) return []
    return [level, ...groupsOf(level).flatMap(levelsBelow)]
  }

  const levels: (readonly Selected[])[] = [
    collect(operation.selectionSet, rootTypeOf(schema, operation)?.name ?? '', false),
  ]
  const above: (readonly Selected[])[] = []
  let at: readonly Selected[] = []
  const names = path.filter((step) => typeof step === 'string')
  for (const [index, name] of names.entries()) {
    if (at.length > 0) above.push(at)
    if (index > 0) levels.push(below(at))
    at = levels.at(-1)!.filter(({ field }) => responseNameOf(field) === name)
  }
  const last = levels.at(-1)!
  const near = [last, ...(names.length > 0 ? levelsBelow(at) : groupsOf(last).flatMap(levelsBelow))]
  return { levels, at, near, above, levelsBelow }
}

/** Without those of what is below. */
function variablesOf(selection: SelectionNode): string[] {
  const names: string[] = []
  visit(selection, { SelectionSet: () => false, Variable: ({ name }) => void names.push(name.value) })
  return names
}

function groupsOf(selected: readonly Selected[]): Selected[][] {
  const groups = new Map<string, Selected[]>()
  for (const each of selected) {
    const name = responseNameOf(each.field)
    groups.set(name, [...(groups.get(name) ?? []), each])
  }
  return [...groups.values()]
}
