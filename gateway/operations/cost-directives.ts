// What a supergraph says about cost: `@cost` and `@listSize` of https://specs.apollo.dev/cost/v0.1, under whatever names it links them. They are
// not part of the schema that clients see, so they are carried in that schema's extensions: whoever has the schema has its costs.
import {
  isTypeDefinitionNode,
  Kind,
  parse,
  valueFromASTUntyped,
  type DirectiveNode,
  type GraphQLSchema,
  type InputValueDefinitionNode,
} from 'graphql'

export interface ListSize {
  /** Size where no slicing argument says another. */
  assumedSize: number | undefined
  /** Arguments that say how many are asked for. */
  slicingArguments: readonly string[]
  /** Fields of the object returned that are the lists meant; empty where the field itself is the list. */
  sizedFields: ReadonlySet<string>
  requireOneSlicingArgument: boolean
}

export interface CostDirectives {
  /** By schema coordinate: `Type`, `Type.field`, `Type.field(argument:)`, `Input.field`. */
  weights: ReadonlyMap<string, number>
  /** By `Type.field`. */
  listSizes: ReadonlyMap<string, ListSize>
}

const EXTENSION = 'tributary.costs'
const NONE: CostDirectives = { weights: new Map(), listSizes: new Map() }
const COST_FEATURE = /^https:\/\/specs\.apollo\.dev\/cost\/v\d/

/** Lets `costsOf(schema)` answer with what the supergraph's text says. */
export function attachCosts(schema: GraphQLSchema, supergraphSdl: string): void {
  schema.extensions = { ...schema.extensions, [EXTENSION]: readCostDirectives(supergraphSdl) }
}

export const costsOf = (schema: GraphQLSchema): CostDirectives =>
  (schema.extensions[EXTENSION] as CostDirectives | undefined) ?? NONE

export function readCostDirectives(supergraphSdl: string): CostDirectives {
  const document = parse(supergraphSdl, { noLocation: true })
  const names = namesIn(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.SCHEMA_DEFINITION || definition.kind === Kind.SCHEMA_EXTENSION
        ? (definition.directives ?? [])
        : [],
    ),
  )
  if (!names) return NONE
  const weights = new Map<string, number>()
  const listSizes = new Map<string, ListSize>()
  const readWeight = (coordinate: string, directives: readonly DirectiveNode[] | undefined) => {
    const weight = argumentsOf(directives, names.cost)?.['weight']
    if (typeof weight === 'number') weights.set(coordinate, weight)
  }
  const readInputs = (
    inputs: readonly InputValueDefinitionNode[] | undefined,
    coordinateOf: (name: string) => string,
  ) => {
    for (const { name, directives } of inputs ?? []) readWeight(coordinateOf(name.value), directives)
  }
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      const type = definition.name.value
      readWeight(type, definition.directives)
      for (const field of definition.fields ?? []) {
        const coordinate = `${type}.${field.name.value}`
        readWeight(coordinate, field.directives)
        readInputs(field.arguments, (name) => `${coordinate}(${name}:)`)
        const given = argumentsOf(field.directives, names.listSize)
        if (given) listSizes.set(coordinate, toListSize(given))
      }
    } else if (definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
      readInputs(definition.fields, (name) => `${definition.name.value}.${name}`)
    } else if (isTypeDefinitionNode(definition)) {
      readWeight(definition.name.value, definition.directives)
    }
  }
  return { weights, listSizes }
}

/** How the directives are called here; null where the supergraph does not link the specification. */
function namesIn(schemaDirectives: readonly DirectiveNode[]): { cost: string; listSize: string } | null {
  const link = schemaDirectives
    .filter(({ name }) => name.value === 'link')
    .map((directive) => valuesOf(directive))
    .find(({ url }) => typeof url === 'string' && COST_FEATURE.test(url))
  if (!link) return null
  const prefix = typeof link['as'] === 'string' ? link['as'] : 'cost'
  const imported = new Map(
    (Array.isArray(link['import']) ? link['import'] : []).map((entry: string | { name: string; as?: string }) =>
      typeof entry === 'string' ? [entry, entry] : [entry.name, entry.as ?? entry.name],
    ),
  )
  // A directive of the feature's own name goes without a prefix: https://specs.apollo.dev/link/v1.0.
  return {
    cost: imported.get('@cost')?.slice(1) ?? prefix,
    listSize: imported.get('@listSize')?.slice(1) ?? `${prefix}__listSize`,
  }
}

const argumentsOf = (
  directives: readonly DirectiveNode[] | undefined,
  name: string,
): Record<string, unknown> | undefined => {
  const directive = directives?.find((candidate) => candidate.name.value === name)
  return directive && valuesOf(directive)
}

const valuesOf = (directive: DirectiveNode): Record<string, unknown> =>
  Object.fromEntries((directive.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value)]))

const toListSize = (given: Record<string, unknown>): ListSize => ({
  assumedSize: typeof given['assumedSize'] === 'number' ? given['assumedSize'] : undefined,
  slicingArguments: (given['slicingArguments'] as string[] | null | undefined) ?? [],
  sizedFields: new Set((given['sizedFields'] as string[] | null | undefined) ?? []),
  requireOneSlicingArgument: given['requireOneSlicingArgument'] !== false,
})
