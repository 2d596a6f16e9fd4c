// Random operations that are valid for a schema: nested, with aliases, arguments and variables, fragments of both kinds, and conditions.
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
  type GraphQLObjectType,
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
}

interface Generation {
  schema: GraphQLSchema
  chance: SeededChance
  definitions: Map<string, string>
  variables: Record<string, unknown>
  fragments: string[]
  aliases: number
  hasConditions: boolean
}

export function generateOperation(
  schema: GraphQLSchema,
  chance: SeededChance,
  options: GenerateOptions,
): GeneratedOperation {
  const generation: Generation = {
    schema,
    chance,
    definitions: new Map(),
    variables: {},
    fragments: [],
    aliases: 0,
    hasConditions: options.hasConditions,
  }
  const root = options.kind === 'query' ? schema.getQueryType()! : schema.getMutationType()!
  const selections = selectionsOf(generation, root, options.depth, options.breadth)
  const definitions = [...generation.definitions].map(([name, type]) => `$${name}: ${type}`).join(', ')
  const head = `${options.kind} Generated${definitions ? `(${definitions})` : ''}`
  return { source: `${head} ${selections}\n${generation.fragments.join('\n')}`, variables: generation.variables }
}

function selectionsOf(generation: Generation, type: GraphQLCompositeType, depth: number, breadth: number): string {
  const { chance, schema } = generation
  const selections: string[] = []
  const fields = 'getFields' in type ? Object.values(type.getFields()) : []
  const usable = fields.filter((field) => depth > 0 || !isCompositeType(getNamedType(field.type)))
  const count = 1 + chance.below(breadth)
  for (let index = 0; index < count && usable.length > 0; index += 1) {
    const field = usable[chance.below(usable.length)]!
    const below = getNamedType(field.type)
    generation.aliases += 1
    // Any two selections of one response name would have to be the same.
    const alias = chance.below(3) === 0 || field.args.length > 0 ? `a${generation.aliases}: ` : ''
    const given = argumentsOf(generation, field.args)
    const selected = isCompositeType(below) ? ` ${selectionsOf(generation, below, depth - 1, breadth)}` : ''
    selections.push(`${alias}${field.name}${given}${conditionOf(generation)}${selected}`)
  }
  if (chance.below(4) === 0 || selections.length === 0) selections.push('__typename')
  if (isAbstractType(type))
    for (const possible of schema.getPossibleTypes(type))
      if (chance.below(3) > 0) selections.push(fragmentOf(generation, possible, depth, breadth))
  if (isObjectType(type) && chance.below(6) === 0) selections.push(fragmentOf(generation, type, depth, breadth))
  return `{ ${selections.join(' ')} }`
}

function fragmentOf(generation: Generation, type: GraphQLObjectType, depth: number, breadth: number): string {
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
  const directive = chance.below(2) === 0 ? 'skip' : 'include'
  if (chance.below(4) === 0) return ` @${directive}(if: ${chance.below(2) === 0})`
  const name = `if${chance.below(2)}`
  generation.definitions.set(name, 'Boolean!')
  generation.variables[name] ??= chance.below(2) === 0
  return ` @${directive}(if: $${name})`
}

function argumentsOf(generation: Generation, given: readonly GraphQLArgument[]): string {
  const { chance } = generation
  const parts: string[] = []
  for (const argument of given) {
    const isNeeded = isNonNullType(argument.type) && argument.defaultValue === undefined
    if (!isNeeded && chance.below(3) === 0) continue
    const value = valueOf(generation, argument.type, argument.name)
    if (chance.below(2) === 0) {
      const name = `v${Object.keys(generation.variables).length}`
      generation.definitions.set(name, String(argument.type))
      generation.variables[name] = value
      parts.push(`${argument.name}: $${name}`)
    } else {
      parts.push(`${argument.name}: ${literalOf(argument.type, value)}`)
    }
  }
  return parts.length > 0 ? `(${parts.join(', ')})` : ''
}

function valueOf(generation: Generation, type: GraphQLInputType, name: string): unknown {
  const { chance } = generation
  if (isNonNullType(type)) return valueOf(generation, type.ofType, name)
  if (isListType(type)) return [valueOf(generation, type.ofType, name)]
  if (isEnumType(type)) return type.getValues()[chance.below(type.getValues().length)]!.name
  if (isInputObjectType(type))
    return Object.fromEntries(
      Object.values(type.getFields())
        .filter((field) => isNonNullType(field.type) || chance.below(2) === 0)
        .map((field) => [field.name, valueOf(generation, field.type, field.name)]),
    )
  switch (getNamedType(type).name) {
    case 'Int':
      return chance.below(4)
    case 'Boolean':
      return chance.below(2) === 0
    default:
      return name === 'isbn' ? `isbn-${chance.below(4)}` : name === 'id' ? `u${chance.below(5)}` : 'text'
  }
}

function literalOf(type: GraphQLInputType, value: unknown): string {
  const named = getNamedType(type)
  if (isEnumType(named)) return String(value)
  if (isInputObjectType(named))
    return `{ ${Object.entries(value as object)
      .map(([key, each]) => `${key}: ${literalOf(named.getFields()[key]!.type, each)}`)
      .join(', ')} }`
  return JSON.stringify(value)
}
