// One walk over a document for all that is limited: how deep, how many aliases, root fields and directives, and, by the schema's own words, what of
// it costs something. A fragment is walked once and counted as often as it is spread, so that spreads which double with each fragment take no longer
// than others. The document need not be valid: what the schema does not know costs nothing, and a fragment that spreads itself counts once.
import {
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type ArgumentNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import { costsOf, type CostDirectives, type ListSize } from './cost-directives.ts'

/** Of one operation, its fragments written out. */
export interface OperationMeasures {
  depth: number
  aliases: number
  rootFields: number
  directives: number
  /** Whether it asks for `__schema` or `__type`. */
  isIntrospection: boolean
  cost: CostSelection
  /** Fields that are to be given exactly one of their slicing arguments, and are not. */
  unsliced: readonly { field: FieldNode; slicingArguments: readonly string[] }[]
}

/** What costs something in a selection set. Fragments are shared by all who spread them. */
export interface CostSelection {
  fields: CostField[]
  fragments: { selection: CostSelection; conditions: readonly DirectiveNode[] }[]
}

export interface CostField {
  responseKey: string
  name: string
  conditions: readonly DirectiveNode[]
  /** Of one item, without its selections. */
  weight: number
  /** How many lists are around an item. */
  listDepth: number
  listSize: ListSize | undefined
  /** What was given to the slicing arguments, their defaults included. */
  slices: readonly SlicingValue[]
  weighedArguments: readonly WeighedArgument[]
  selection: CostSelection
}

export type SlicingValue = { kind: 'node'; node: ArgumentNode['value'] } | { kind: 'value'; value: unknown }

export interface WeighedArgument {
  weight: number
  node: ArgumentNode['value']
  type: GraphQLInputType
}

interface SelectionMeasures {
  depth: number
  fields: number
  aliases: number
  directives: number
  isIntrospection: boolean
  cost: CostSelection
}

export function measureDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
): ReadonlyMap<OperationDefinitionNode, OperationMeasures> {
  const walk = createWalk(schema, document)
  return new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.OPERATION_DEFINITION ? [[definition, walk(definition)] as const] : [],
    ),
  )
}

function createWalk(schema: GraphQLSchema, document: DocumentNode) {
  const costs = costsOf(schema)
  const weigh = createWeigh(schema, costs)
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  const walked = new Map<string, SelectionMeasures>()
  let unsliced: OperationMeasures['unsliced'][number][] = []

  function walkFragment(name: string): SelectionMeasures {
    const known = walked.get(name)
    if (known) return known
    const measures = empty()
    // Before its selections: a fragment that spreads itself meets this.
    walked.set(name, measures)
    const definition = fragments.get(name)
    if (definition) {
      walkInto(measures, definition.selectionSet, compositeType(definition.typeCondition.name.value))
      measures.directives += definition.directives?.length ?? 0
    }
    return measures
  }

  function walkInto(
    into: SelectionMeasures,
    { selections }: SelectionSetNode,
    parent: GraphQLCompositeType | undefined,
  ) {
    for (const selection of selections) {
      into.directives += selection.directives?.length ?? 0
      const conditions = conditionsOf(selection.directives)
      switch (selection.kind) {
        case Kind.FIELD: {
          into.fields += 1
          if (selection.alias) into.aliases += 1
          walkField(into, selection, parent, conditions)
          break
        }
        case Kind.INLINE_FRAGMENT: {
          const inner = empty()
          const type = selection.typeCondition ? compositeType(selection.typeCondition.name.value) : parent
          walkInto(inner, selection.selectionSet, type)
          addFragment(into, inner, conditions)
          break
        }
        case Kind.FRAGMENT_SPREAD:
          addFragment(into, walkFragment(selection.name.value), conditions)
          break
      }
    }
  }

  function addFragment(into: SelectionMeasures, inner: SelectionMeasures, conditions: readonly DirectiveNode[]) {
    into.depth = Math.max(into.depth, inner.depth)
    into.fields += inner.fields
    into.aliases += inner.aliases
    into.directives += inner.directives
    into.isIntrospection ||= inner.isIntrospection
    if (inner.cost.fields.length > 0 || inner.cost.fragments.length > 0)
      into.cost.fragments.push({ selection: inner.cost, conditions })
  }

  function walkField(
    into: SelectionMeasures,
    node: FieldNode,
    parent: GraphQLCompositeType | undefined,
    conditions: readonly DirectiveNode[],
  ) {
    const name = node.name.value
    const isOfSchema = name === '__schema' || name === '__type'
    into.isIntrospection ||= isOfSchema
    const field = fieldOf(parent, name)
    const type = field && getNamedType(field.type)
    const inner = empty()
    if (node.selectionSet) walkInto(inner, node.selectionSet, isCompositeType(type) ? type : undefined)
    into.depth = Math.max(into.depth, 1 + inner.depth)
    into.aliases += inner.aliases
    into.directives += inner.directives
    if (!field || !parent || !type) return
    const weight = weigh.field(parent, field)
    const listSize = weigh.listSize(parent, field)
    const weighedArguments = weigh.arguments(parent, field, node)
    const isFree = weight === 0 && inner.cost.fields.length === 0 && inner.cost.fragments.length === 0
    if (isFree && weighedArguments.length === 0) return
    into.cost.fields.push({
      responseKey: node.alias?.value ?? name,
      name,
      conditions,
      weight,
      listDepth: listDepthOf(field.type),
      listSize,
      slices: listSize ? slicesOf(listSize, field, node) : [],
      weighedArguments,
      selection: inner.cost,
    })
  }

  function slicesOf(listSize: ListSize, field: GraphQLField<unknown, unknown>, node: FieldNode): SlicingValue[] {
    const given = (node.arguments ?? []).filter(
      ({ name, value }) => listSize.slicingArguments.includes(name.value) && value.kind !== Kind.NULL,
    )
    const defaults = field.args.filter(
      ({ name, defaultValue }) =>
        listSize.slicingArguments.includes(name) && defaultValue !== undefined && defaultValue !== null,
    )
    if (listSize.requireOneSlicingArgument && listSize.slicingArguments.length > 0) {
      const count = given.length > 0 ? given.length : defaults.length
      if (count !== 1) unsliced.push({ field: node, slicingArguments: listSize.slicingArguments })
    }
    const named = new Set(node.arguments?.map(({ name }) => name.value))
    return [
      ...given.map(({ value }) => ({ kind: 'node', node: value }) as const),
      ...defaults
        .filter(({ name }) => !named.has(name))
        .map(({ defaultValue }) => ({ kind: 'value', value: defaultValue }) as const),
    ]
  }

  const compositeType = (name: string): GraphQLCompositeType | undefined => {
    const type = schema.getType(name)
    return isCompositeType(type) ? type : undefined
  }

  return (operation: OperationDefinitionNode): OperationMeasures => {
    unsliced = []
    walked.clear()
    const measures = empty()
    walkInto(measures, operation.selectionSet, schema.getRootType(operation.operation) ?? undefined)
    const onVariables = (operation.variableDefinitions ?? []).flatMap(({ directives }) => directives ?? [])
    return {
      depth: measures.depth,
      aliases: measures.aliases,
      rootFields: measures.fields,
      directives: measures.directives + (operation.directives?.length ?? 0) + onVariables.length,
      isIntrospection: measures.isIntrospection,
      cost: measures.cost,
      unsliced,
    }
  }
}

function createWeigh(schema: GraphQLSchema, { weights, listSizes }: CostDirectives) {
  const weighedInputs = new Map<string, boolean>()

  /** Whether a value of the type can cost anything. */
  function isWeighed(type: GraphQLInputType): boolean {
    const named = getNamedType(type)
    if (!isInputObjectType(named)) return false
    const known = weighedInputs.get(named.name)
    if (known !== undefined) return known
    weighedInputs.set(named.name, false)
    const result = Object.values(named.getFields()).some(
      (field) => weights.has(`${named.name}.${field.name}`) || isWeighed(field.type),
    )
    weighedInputs.set(named.name, result)
    return result
  }

  /** Of an abstract type the dearest that may come counts, where it says nothing itself. */
  const typeWeight = (type: GraphQLNamedType): number => {
    const own = weights.get(type.name)
    if (own !== undefined) return own
    if (isAbstractType(type)) return Math.max(1, ...schema.getPossibleTypes(type).map(typeWeight))
    return isObjectType(type) ? 1 : 0
  }

  /** What the field says itself; of an interface's field also what the types say that implement it. */
  const ofField = <Value>(from: ReadonlyMap<string, Value>, parent: GraphQLCompositeType, field: string): Value[] => {
    if (from.size === 0) return []
    const own = from.get(`${parent.name}.${field}`)
    if (own !== undefined) return [own]
    if (!isInterfaceType(parent)) return []
    return schema.getPossibleTypes(parent).flatMap(({ name }) => from.get(`${name}.${field}`) ?? [])
  }

  return {
    field(parent: GraphQLCompositeType, field: GraphQLField<unknown, unknown>): number {
      // The schema itself is at hand.
      if (getNamedType(field.type).name.startsWith('__')) return 0
      const own = ofField(weights, parent, field.name)
      return own.length > 0 ? Math.max(...own) : typeWeight(getNamedType(field.type))
    },
    listSize: (parent: GraphQLCompositeType, field: GraphQLField<unknown, unknown>): ListSize | undefined =>
      ofField(listSizes, parent, field.name)[0],
    arguments(parent: GraphQLCompositeType, field: GraphQLField<unknown, unknown>, node: FieldNode): WeighedArgument[] {
      if (weights.size === 0) return []
      return (node.arguments ?? []).flatMap(({ name, value }) => {
        const definition = field.args.find((argument) => argument.name === name.value)
        if (!definition) return []
        const weight = weights.get(`${parent.name}.${field.name}(${name.value}:)`) ?? 0
        return weight !== 0 || isWeighed(definition.type) ? [{ weight, node: value, type: definition.type }] : []
      })
    },
  }
}

const empty = (): SelectionMeasures => ({
  depth: 0,
  fields: 0,
  aliases: 0,
  directives: 0,
  isIntrospection: false,
  cost: { fields: [], fragments: [] },
})

const NO_CONDITIONS: readonly DirectiveNode[] = []

function conditionsOf(directives: readonly DirectiveNode[] | undefined): readonly DirectiveNode[] {
  if (!directives || directives.length === 0) return NO_CONDITIONS
  return directives.filter(({ name }) => name.value === 'skip' || name.value === 'include')
}

const fieldOf = (parent: GraphQLCompositeType | undefined, name: string): GraphQLField<unknown, unknown> | undefined =>
  isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined

function listDepthOf(type: GraphQLField<unknown, unknown>['type']): number {
  const nullable = getNullableType(type)
  return isListType(nullable) ? 1 + listDepthOf(nullable.ofType) : 0
}
