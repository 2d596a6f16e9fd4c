// What a supergraph says about deltas: fields with `@delta` of https://tributary.dev/specs/stream/v0.1 hold a piece of a text. The directive is not
// part of the schema that clients see, so it is carried in that schema's extensions.
import { Kind, parse, valueFromASTUntyped, type DirectiveNode, type GraphQLSchema } from 'graphql'

/** By `Type.field`: the fields beside it that say where the piece stands. */
export type DeltaFields = ReadonlyMap<string, readonly string[]>

const EXTENSION = 'tributary.deltas'
const NONE: DeltaFields = new Map()
const FEATURE = /^https:\/\/tributary\.dev\/specs\/stream\/v\d/
const DIRECTIVE = 'delta'

/** Lets `deltasOf(schema)` answer with what the supergraph's text says. */
export function attachDeltas(schema: GraphQLSchema, supergraphSdl: string): void {
  schema.extensions = { ...schema.extensions, [EXTENSION]: readDeltaFields(supergraphSdl) }
}

export const deltasOf = (schema: GraphQLSchema): DeltaFields =>
  (schema.extensions[EXTENSION] as DeltaFields | undefined) ?? NONE

export function readDeltaFields(supergraphSdl: string): DeltaFields {
  const { definitions } = parse(supergraphSdl, { noLocation: true })
  const isLinked = definitions.some(
    (definition) =>
      (definition.kind === Kind.SCHEMA_DEFINITION || definition.kind === Kind.SCHEMA_EXTENSION) &&
      definition.directives?.some((directive) => FEATURE.test(String(argumentOf(directive, 'url')))),
  )
  if (!isLinked) return NONE
  return new Map(
    definitions.flatMap((definition) => {
      if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) return []
      return (definition.fields ?? []).flatMap(({ name, directives }) => {
        const directive = directives?.find((one) => one.name.value === DIRECTIVE)
        if (!directive) return []
        const positions = argumentOf(directive, 'positions')
        return [[`${definition.name.value}.${name.value}`, [positions ?? []].flat().map(String)] as const]
      })
    }),
  )
}

function argumentOf({ arguments: given }: DirectiveNode, name: string): unknown {
  const value = given?.find((one) => one.name.value === name)?.value
  return value === undefined ? undefined : valueFromASTUntyped(value)
}
