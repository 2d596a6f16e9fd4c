// What an operation and its plan touch: kinds of plan nodes, directives of federation on the fields that it selects, and what GraphQL lets a client write.
import type { PlanNode, QueryPlanSelectionNode } from '@apollo/query-planner'
import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isSpecifiedScalarType,
  isScalarType,
  isUnionType,
  Kind,
  parse,
  TypeInfo,
  typeFromAST,
  visit,
  visitWithTypeInfo,
  type GraphQLSchema,
} from 'graphql'
import { stepsOf, type PlanStep } from '../plan-steps.ts'
import type { PreparedForTest } from './prepare-for-test.ts'

export const PLAN_NODES = ['Fetch', 'Flatten', 'Sequence', 'Parallel', 'Condition']
const FIELD_DIRECTIVES = ['requires', 'provides', 'external', 'shareable', 'override', 'tag']
export const FEATURES = [
  ...FIELD_DIRECTIVES.map((name) => `@${name}`),
  '@key',
  'compound @key',
  'several @key',
  '@override with a label',
  '@requires with arguments',
  '@interfaceObject',
  'beside @inaccessible',
  'joined fetches',
  '@skip',
  '@include',
  'both conditions',
  'interface',
  'union',
  'introspection',
  '__typename',
  'alias',
  'fragment',
  'inline fragment',
  'list of lists',
  'mutation',
  'several mutations',
  'null',
  'absent variable',
  'default of a variable',
  'enum variable',
  'custom scalar',
  'custom scalar variable',
  'input object',
  'input object variable',
]

/** The fields (`Type.field`) and types of subgraphs that a directive is on. */
export type DirectivePlaces = ReadonlyMap<string, ReadonlySet<string>>

export function directivePlacesOf(subgraphs: Readonly<Record<string, string>>): DirectivePlaces {
  const places = new Map<string, Set<string>>()
  const add = (directive: string, place: string) =>
    places.set(directive, (places.get(directive) ?? new Set()).add(place))
  for (const definition of Object.values(subgraphs).flatMap((sdl) => parse(sdl).definitions)) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue
    const keys = (definition.directives ?? []).filter(({ name }) => name.value === 'key')
    const onType = (definition.directives ?? []).map(({ name }) => name.value)
    for (const field of definition.fields ?? []) {
      const place = `${definition.name.value}.${field.name.value}`
      if (onType.includes('shareable')) add('@shareable', place)
      if (onType.includes('interfaceObject')) add('@interfaceObject', place)
      if (keys.length > 1) add('several @key', place)
      for (const directive of field.directives ?? []) {
        add(`@${directive.name.value}`, place)
        const text = JSON.stringify(directive.arguments?.map(({ value }) => ('value' in value ? value.value : '')))
        if (directive.name.value === 'override' && (directive.arguments?.length ?? 0) > 1)
          add('@override with a label', place)
        if (directive.name.value === 'requires' && text.includes('(')) add('@requires with arguments', place)
        if (directive.name.value === 'inaccessible') add('beside @inaccessible', definition.name.value)
      }
    }
  }
  return places
}

export function countCoverage(
  counts: Map<string, number>,
  schema: GraphQLSchema,
  places: DirectivePlaces,
  prepared: PreparedForTest,
): void {
  const touched = new Set([...ofPlan(prepared.planned.plan), ...ofOperation(schema, places, prepared)])
  for (const each of touched) counts.set(each, (counts.get(each) ?? 0) + 1)
}

function ofPlan(plan: PlanNode | null): Set<string> {
  const found = new Set<string>()
  const isCompound = (selections: readonly QueryPlanSelectionNode[]): boolean =>
    selections.some((each) => (each.kind === 'Field' ? each.selections !== undefined : isCompound(each.selections)))
  const walk = (node: PlanNode): void => {
    found.add(node.kind)
    switch (node.kind) {
      case 'Sequence':
      case 'Parallel':
        return node.nodes.forEach(walk)
      case 'Flatten':
        return walk(node.node)
      case 'Condition':
        if (node.ifClause) walk(node.ifClause)
        if (node.elseClause) walk(node.elseClause)
        return
      case 'Fetch':
        if (node.requires) found.add('@key')
        if (node.requires && isCompound(node.requires)) found.add('compound @key')
        return
      case 'Defer':
        return
    }
  }
  if (plan) walk(plan)
  if (plan && hasJoined(stepsOf(plan))) found.add('joined fetches')
  return found
}

function hasJoined(step: PlanStep | null): boolean {
  switch (step?.kind) {
    case 'Joined':
      return true
    case 'Sequence':
    case 'Parallel':
      return step.steps.some(hasJoined)
    case 'Flatten':
      return hasJoined(step.step)
    case 'Condition':
      return hasJoined(step.ifClause) || hasJoined(step.elseClause)
    case 'Fetch':
    case undefined:
      return false
  }
}

function ofOperation(schema: GraphQLSchema, places: DirectivePlaces, prepared: PreparedForTest): Set<string> {
  const { document, operation, variables } = prepared
  const found = new Set<string>()
  const types = new TypeInfo(schema)
  visit(
    document,
    visitWithTypeInfo(types, {
      Field(node) {
        if (node.alias) found.add('alias')
        const name = node.name.value
        if (name === '__typename') found.add('__typename')
        else if (name.startsWith('__')) found.add('introspection')
        const parent = types.getParentType()
        const owners = [
          parent,
          ...(isInterfaceType(parent) ? schema.getPossibleTypes(parent) : []),
          ...(parent && 'getInterfaces' in parent ? parent.getInterfaces() : []),
        ]
        for (const [directive, at] of places)
          if (owners.some((type) => type && (at.has(`${type.name}.${name}`) || at.has(type.name)))) found.add(directive)
        const type = types.getType()
        if (!type) return
        if (isInterfaceType(getNamedType(type))) found.add('interface')
        if (isUnionType(getNamedType(type))) found.add('union')
        if (isCustom(getNamedType(type))) found.add('custom scalar')
        const outer = isNonNullType(type) ? type.ofType : type
        const inner = isListType(outer) && (isNonNullType(outer.ofType) ? outer.ofType.ofType : outer.ofType)
        if (inner && isListType(inner)) found.add('list of lists')
      },
      FragmentSpread: () => void found.add('fragment'),
      InlineFragment: () => void found.add('inline fragment'),
      NullValue: () => void found.add('null'),
      ObjectValue() {
        if (isInputObjectType(getNamedType(types.getInputType() ?? undefined))) found.add('input object')
      },
      Directive: ({ name }) => void found.add(`@${name.value}`),
      VariableDefinition(node) {
        const type = typeFromAST(schema, node.type as never)
        const named = getNamedType(type as never)
        if (node.defaultValue) found.add('default of a variable')
        if (!(node.variable.name.value in variables) && !node.defaultValue) found.add('absent variable')
        if (variables[node.variable.name.value] === null) found.add('null')
        if (isEnumType(named)) found.add('enum variable')
        if (isCustom(named)) found.add('custom scalar variable')
        if (isInputObjectType(named)) found.add('input object variable')
      },
    }),
  )
  visit(document, {
    enter(node) {
      if ('directives' in node && (node.directives ?? []).length > 1) found.add('both conditions')
    },
  })
  if (operation.operation === 'mutation') {
    found.add('mutation')
    if (operation.selectionSet.selections.filter(({ kind }) => kind === Kind.FIELD).length > 1)
      found.add('several mutations')
  }
  return found
}

const isCustom = (type: unknown): boolean => isScalarType(type) && !isSpecifiedScalarType(type)
