// What an operation costs: estimated from its variables before it runs, counted in its answer afterwards. By the IBM GraphQL Cost Directives
// specification as Apollo's demand control reads it: each object costs 1, scalars and enums nothing, `@cost` says otherwise; a list costs its size
// times one item; weighed arguments count once. Directives on both sides of a request may not disagree: both figures come from the same measures.
import {
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
  Kind,
  OperationTypeNode,
  valueFromASTUntyped,
  type DirectiveNode,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type ValueNode,
} from 'graphql'
import { costsOf, type CostDirectives } from './cost-directives.ts'
import type { CostField, CostSelection, OperationMeasures, SlicingValue } from './measure-document.ts'

/** A mutation costs this before any of its fields. */
const MUTATION_COST = 10

export interface CostOptions {
  schema: GraphQLSchema
  operation: OperationDefinitionNode
  measures: OperationMeasures
  /** As the client sent them. */
  variables: Readonly<Record<string, unknown>>
}

export function estimateCost(options: CostOptions & { defaultListSize: number }): number {
  const values = createValues(options)
  const perItem = new Map<CostField, number>()
  const free = new Map<CostSelection, number>()

  const itemCost = (field: CostField): number => {
    let cost = perItem.get(field)
    if (cost === undefined) {
      const { listSize, selection } = field
      cost =
        field.weight +
        (listSize && listSize.sizedFields.size > 0
          ? selectionCost(selection, { fields: listSize.sizedFields, size: sizeOf(field) }, new Map())
          : selectionCost(selection, null, free))
      perItem.set(field, cost)
    }
    return cost
  }

  const sizeOf = ({ listSize, slices }: CostField): number => {
    const sizes = slices.map((slice) => values.ofSlice(slice)).filter((value) => typeof value === 'number')
    return sizes.length > 0 ? Math.max(0, ...sizes) : (listSize?.assumedSize ?? options.defaultListSize)
  }

  /** `known` keeps fragments that are spread often from being counted often. */
  const selectionCost = (
    selection: CostSelection,
    sized: { fields: ReadonlySet<string>; size: number } | null,
    known: Map<CostSelection, number>,
  ): number => {
    const before = known.get(selection)
    if (before !== undefined) return before
    let cost = 0
    known.set(selection, 0)
    for (const field of selection.fields) {
      if (!values.isIncluded(field.conditions)) continue
      let count = 1
      if (field.listDepth > 0) {
        const outer = sized?.fields.has(field.name)
          ? sized.size
          : field.listSize && field.listSize.sizedFields.size === 0
            ? sizeOf(field)
            : options.defaultListSize
        count = outer * options.defaultListSize ** (field.listDepth - 1)
      }
      // Without items nothing of them is looked at, however dear.
      if (count > 0) cost += count * itemCost(field)
      cost += argumentsCost(field, values)
    }
    for (const { selection: inner, conditions } of selection.fragments)
      if (values.isIncluded(conditions)) cost += selectionCost(inner, sized, known)
    known.set(selection, cost)
    return cost
  }

  return baseCost(options.operation) + selectionCost(options.measures.cost, null, free)
}

/** Counted in the answer as the client gets it: what is null or not in a list costs nothing. */
export function actualCost(options: CostOptions & { data: unknown }): number {
  const values = createValues(options)
  const root = mergeSelections([options.measures.cost], values)

  const costOf = (merged: MergedSelection, object: object): number => {
    let cost = 0
    for (const [responseKey, field] of merged) {
      const value = Object.hasOwn(object, responseKey) ? (object as Record<string, unknown>)[responseKey] : undefined
      // An interface's or union's other types have other fields.
      if (value === undefined) continue
      cost += field.argumentsCost + itemsCost(field, value)
    }
    return cost
  }

  const itemsCost = (field: MergedField, value: unknown): number => {
    if (value === null) return 0
    if (Array.isArray(value)) {
      let cost = 0
      for (const item of value) cost += itemsCost(field, item)
      return cost
    }
    return field.weight + (typeof value === 'object' ? costOf(field.selection(), value) : 0)
  }

  const { data } = options
  return baseCost(options.operation) + (typeof data === 'object' && data !== null ? costOf(root, data) : 0)
}

interface MergedField {
  weight: number
  argumentsCost: number
  /** Made when an answer has such an object: answers are bounded where documents need not be. */
  selection: () => MergedSelection
}

type MergedSelection = ReadonlyMap<string, MergedField>

/** Fields of one name in the answer are one field, wherever they are selected. */
function mergeSelections(selections: readonly CostSelection[], values: Values): MergedSelection {
  const byKey = new Map<string, CostField[]>()
  const seen = new Set<CostSelection>()
  const collect = (selection: CostSelection) => {
    if (seen.has(selection)) return
    seen.add(selection)
    for (const field of selection.fields) {
      if (!values.isIncluded(field.conditions)) continue
      const same = byKey.get(field.responseKey)
      if (same) same.push(field)
      else byKey.set(field.responseKey, [field])
    }
    for (const { selection: inner, conditions } of selection.fragments)
      if (values.isIncluded(conditions)) collect(inner)
  }
  selections.forEach(collect)
  return new Map(
    [...byKey].map(([responseKey, fields]) => {
      let merged: MergedSelection | undefined
      return [
        responseKey,
        {
          weight: Math.max(...fields.map(({ weight }) => weight)),
          argumentsCost: Math.max(...fields.map((field) => argumentsCost(field, values))),
          selection: () =>
            (merged ??= mergeSelections(
              fields.map(({ selection }) => selection),
              values,
            )),
        },
      ]
    }),
  )
}

const baseCost = ({ operation }: OperationDefinitionNode): number =>
  operation === OperationTypeNode.MUTATION ? MUTATION_COST : 0

interface Values {
  costs: CostDirectives
  isIncluded(conditions: readonly DirectiveNode[]): boolean
  ofSlice(slice: SlicingValue): unknown
  ofNode(node: ValueNode): unknown
}

/** The variables with the defaults of the operation. */
function createValues({ schema, operation, variables }: CostOptions): Values {
  const defaults = new Map(
    (operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
      defaultValue ? [[variable.name.value, defaultValue] as const] : [],
    ),
  )
  const ofVariable = (name: string): unknown => {
    if (Object.hasOwn(variables, name)) return variables[name]
    const node = defaults.get(name)
    return node && valueFromASTUntyped(node)
  }
  const ofNode = (node: ValueNode): unknown => {
    if (node.kind === Kind.VARIABLE) return ofVariable(node.name.value)
    if (node.kind === Kind.LIST) return node.values.map(ofNode)
    if (node.kind === Kind.OBJECT)
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, ofNode(value)]))
    return valueFromASTUntyped(node)
  }
  return {
    costs: costsOf(schema),
    ofNode,
    ofSlice: (slice) => (slice.kind === 'node' ? ofNode(slice.node) : slice.value),
    isIncluded: (conditions) =>
      conditions.every(({ name, arguments: given }) => {
        const node = given?.find((argument) => argument.name.value === 'if')?.value
        const value = node && ofNode(node)
        return name.value === 'skip' ? value !== true : value !== false
      }),
  }
}

function argumentsCost({ weighedArguments }: CostField, values: Values): number {
  let cost = 0
  for (const { weight, node, type } of weighedArguments)
    cost += weight + inputCost(type, values.ofNode(node), values.costs)
  return cost
}

/** Of what is inside a value. */
function inputCost(type: GraphQLInputType, value: unknown, costs: CostDirectives): number {
  if (typeof value !== 'object' || value === null) return 0
  const nullable = getNullableType(type)
  if (isListType(nullable) && Array.isArray(value)) {
    let cost = 0
    for (const item of value) cost += inputCost(nullable.ofType, item, costs)
    return cost
  }
  const named = getNamedType(type)
  if (!isInputObjectType(named)) return 0
  let cost = 0
  for (const [name, field] of Object.entries(named.getFields())) {
    if (!Object.hasOwn(value, name)) continue
    const given = (value as Record<string, unknown>)[name]
    cost += (costs.weights.get(`${named.name}.${name}`) ?? 0) + inputCost(field.type, given, costs)
  }
  return cost
}
