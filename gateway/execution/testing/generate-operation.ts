// Random operations that are valid for a schema, but for response names that contradict each other: nested, with aliases, arguments, variables and their
// defaults, fragments of both kinds, conditions, and what the schema tells of itself.
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql'
import type { SeededChance } from '../../../test/harness/seeded.ts'

export interface GeneratedOperation {
  source: string
  variables: Record<string, unknown>
}

export interface GenerateOptions {
  kind: 'query' | 'mutation'
  /** Levels of fields below the first. */
  depth: number
  /** Most fields of a selection, besides fragments. */
  breadth: number
  hasConditions: boolean
  /** Aliases that are names of other fields, and fields with arguments under their own name. Default false. */
  hasClashes?: boolean
  /** Questions about the schema at the root. Default false. */
  hasIntrospection?: boolean
  /** What arguments and input fields of a name are worth asking for. */
  values?: Readonly<Record<string, readonly unknown[]>>
}

interface Generation extends Required<Omit<GenerateOptions, 'kind' | 'depth' | 'breadth'>> {
  schema: GraphQLSchema
  chance: SeededChance
  /** By name, with default values. */
  definitions: Map<string, string>
  variables: Record<string, unknown>
  fragments: string[]
  count: number
}

export function generateOperation(
  schema: GraphQLSchema,
  chance: SeededChance,
  options: GenerateOptions,
): GeneratedOperation {
  const { kind, depth, breadth, hasConditions, hasClashes = false, hasIntrospection = false, values = {} } = options
  const generation: Generation = {
    schema,
    chance,
    hasConditions,
    hasClashes,
    hasIntrospection,
    values,
    definitions: new Map(),
    variables: {},
    fragments: [],
    count: 0,
  }
  const root = kind === 'query' ? schema.getQueryType()! : schema.getMutationType()!
  let selections = selectionsOf(generation, root, depth, breadth)
  if (kind === 'query' && hasIntrospection && chance.below(8) === 0)
    selections = `${selections.slice(0, -1)}${introspectionOf(generation)} }`
  const definitions = [...generation.definitions].map(([name, type]) => `$${name}: ${type}`).join(', ')
  const head = `${kind} Generated${definitions ? `(${definitions})` : ''}`
  return { source: `${head} ${selections}\n${generation.fragments.join('\n')}`, variables: generation.variables }
}

function introspectionOf(generation: Generation): string {
  const { chance, schema } = generation
  if (chance.below(2) === 0)
    return `schema: __schema${conditionOf(generation)} { queryType { name } directives { name } }`
  const names = Object.keys(schema.getTypeMap())
  const name = names[chance.below(names.length)]!
  const given = chance.below(2) === 0 ? JSON.stringify(name) : variableOf(generation, 'String!', name, null)
  return `__type(name: ${given}) { name kind fields { name type { kind name } } ... on __Type { description } }`
}

function selectionsOf(generation: Generation, type: GraphQLCompositeType, depth: number, breadth: number): string {
  const { chance, schema } = generation
  const selections: string[] = []
  const fields = 'getFields' in type ? Object.values(type.getFields()) : []
  const usable = fields.filter((field) => depth > 0 || !isCompositeType(getNamedType(field.type)))
  const count = 1 + chance.below(breadth)
  const unaliased = new Set<string>()
  for (let index = 0; index < count && usable.length > 0; index += 1) {
    const field = usable[chance.below(usable.length)]!
    const below = getNamedType(field.type)
    // Any two selections of one response name would have to be the same.
    const isRepeatable = field.args.length === 0
    const isPlain = isRepeatable || (generation.hasClashes && !unaliased.has(field.name) && chance.below(2) === 0)
    if (isPlain) unaliased.add(field.name)
    const alias = isPlain && chance.below(3) > 0 ? '' : `${aliasOf(generation, fields)}: `
    const given = argumentsOf(generation, field.args)
    const selected = isCompositeType(below) ? ` ${selectionsOf(generation, below, depth - 1, breadth)}` : ''
    selections.push(`${alias}${field.name}${given}${conditionOf(generation)}${selected}`)
  }
  if (chance.below(4) === 0 || selections.length === 0)
    selections.push(chance.below(4) === 0 ? `${aliasOf(generation, [])}: __typename` : '__typename')
  if (isAbstractType(type)) {
    for (const possible of schema.getPossibleTypes(type))
      if (chance.below(3) > 0) selections.push(fragmentOf(generation, possible, depth, breadth))
  }
  if (isObjectType(type) && chance.below(6) === 0) {
    const supertypes = [type, ...type.getInterfaces()]
    selections.push(fragmentOf(generation, supertypes[chance.below(supertypes.length)]!, depth, breadth))
  }
  return `{ ${selections.join(' ')} }`
}

function aliasOf(generation: Generation, fields: readonly { name: string }[]): string {
  generation.count += 1
  return generation.hasClashes && fields.length > 0 && generation.chance.below(8) === 0
    ? fields[generation.chance.below(fields.length)]!.name
    : `a${generation.count}`
}

function fragmentOf(generation: Generation, type: GraphQLCompositeType, depth: number, breadth: number): string {
  const selections = selectionsOf(generation, type, Math.max(0, depth - 1), breadth)
  const condition = conditionOf(generation)
  if (generation.chance.below(2) === 0) return `... on ${type.name}${condition} ${selections}`
  const name = `F${generation.fragments.length}`
  generation.fragments.push(`fragment ${name} on ${type.name} ${selections}`)
  return `...${name}${condition}`
}

function conditionOf(generation: Generation): string {
  const { chance } = generation
  if (!generation.hasConditions || chance.below(8) > 0) return ''
  const one = chance.below(2) === 0 ? 'skip' : 'include'
  const both = chance.below(8) === 0 ? [one, one === 'skip' ? 'include' : 'skip'] : [one]
  return both.map((directive) => ` @${directive}(if: ${conditionValueOf(generation)})`).join('')
}

function conditionValueOf(generation: Generation): string {
  const { chance } = generation
  if (chance.below(4) === 0) return String(chance.below(2) === 0)
  const name = `if${chance.below(3)}`
  if (!generation.definitions.has(name)) {
    const isByDefault = chance.below(4) === 0
    generation.definitions.set(name, isByDefault ? `Boolean! = ${chance.below(2) === 0}` : 'Boolean!')
    if (!isByDefault) generation.variables[name] = chance.below(2) === 0
  }
  return `$${name}`
}

function argumentsOf(generation: Generation, given: readonly GraphQLArgument[]): string {
  const { chance } = generation
  const parts: string[] = []
  for (const argument of given) {
    const isNeeded = isNonNullType(argument.type) && argument.defaultValue === undefined
    if (!isNeeded && chance.below(3) === 0) continue
    const value = valueOf(generation, argument.type, argument.name)
    parts.push(
      `${argument.name}: ${
        chance.below(2) === 0
          ? variableOf(generation, String(argument.type), value, argument.type)
          : literalOf(argument.type, value)
      }`,
    )
  }
  return parts.length > 0 ? `(${parts.join(', ')})` : ''
}

/** With a value, or with a default and none, or, where that is allowed, with neither. `type`: null where no literal can be made. */
function variableOf(generation: Generation, typeText: string, value: unknown, type: GraphQLInputType | null): string {
  const { chance, definitions, variables } = generation
  const name = `v${definitions.size}`
  const dice = chance.below(8)
  if (type && dice === 0 && value !== null) {
    definitions.set(name, `${typeText} = ${literalOf(type, value)}`)
  } else if (type && dice === 1 && !isNonNullType(type)) {
    definitions.set(name, typeText)
  } else {
    definitions.set(name, type && dice === 2 && value !== null ? `${typeText} = ${literalOf(type, value)}` : typeText)
    variables[name] = value
  }
  return `$${name}`
}

function valueOf(generation: Generation, type: GraphQLInputType, name: string): unknown {
  if (isNonNullType(type)) return valueNotNull(generation, type.ofType, name)
  if (generation.chance.below(8) === 0) return null
  return valueNotNull(generation, type, name)
}

function valueNotNull(generation: Generation, type: GraphQLInputType, name: string): unknown {
  const { chance, values } = generation
  if (isListType(type)) return Array.from({ length: chance.below(3) }, () => valueOf(generation, type.ofType, name))
  if (isEnumType(type)) return type.getValues()[chance.below(type.getValues().length)]!.name
  if (isInputObjectType(type))
    return Object.fromEntries(
      Object.values(type.getFields())
        .filter((field) => (isNonNullType(field.type) && field.defaultValue === undefined) || chance.below(2) === 0)
        .map((field) => [field.name, valueOf(generation, field.type, field.name)]),
    )
  const usual = values[name]
  if (usual) return usual[chance.below(usual.length)]
  switch (getNamedType(type).name) {
    case 'Int':
      return chance.below(4)
    case 'Float':
      return chance.below(9) / 2
    case 'Boolean':
      return chance.below(2) === 0
    case 'String':
    case 'ID':
      return 'text'
    default:
      return ['text', 7, 1.5, true, ['a', null], { year: 2001, nested: { of: ['x'] } }][chance.below(6)]
  }
}

function literalOf(type: GraphQLInputType, value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (isNonNullType(type)) return literalOf(type.ofType, value)
  if (isListType(type)) return `[${(value as unknown[]).map((each) => literalOf(type.ofType, each)).join(', ')}]`
  if (isEnumType(type)) return value as string
  if (isInputObjectType(type))
    return `{ ${Object.entries(value)
      .map(([key, each]) => `${key}: ${literalOf(type.getFields()[key]!.type, each)}`)
      .join(', ')} }`
  return untypedLiteral(value)
}

function untypedLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(untypedLiteral).join(', ')}]`
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, each]) => `${key}: ${untypedLiteral(each)}`)
      .join(', ')} }`
  return JSON.stringify(value)
}
