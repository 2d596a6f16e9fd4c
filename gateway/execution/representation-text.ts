// Representations as the JSON text that a subgraph gets. Most fetches require scalar fields of one object: such representations are told apart by the
// values alone, and only one of several equal ones is written, without an object. Whatever is more than that goes through `representationOf`.
import type { FetchNode, QueryPlanSelectionNode } from '@apollo/query-planner'
import type { GraphQLSchema } from 'graphql'
import { applyRewrites } from './data-rewrites.ts'
import { isOfType, representationOf, type JsonObject } from './representation.ts'

/** How representations of one kind of entities are made. */
export interface RepresentationKind {
  /**
   * A value of a Map's key, the same for equal representations of this kind and for no others; undefined where not all is known that the fetch requires,
   * NOTHING_TO_ASK where the subgraph has nothing to say about the entity.
   */
  keyOf(entity: JsonObject): unknown
  /** Of an entity with that key. */
  textOf(entity: JsonObject, key: unknown): string
}

export const NOTHING_TO_ASK = Symbol('nothing to ask')

/** One object for each kind. */
export type KindOf = (entity: JsonObject) => RepresentationKind

const known = new WeakMap<FetchNode, KindOf>()

/** A fetch belongs to one schema. */
export function representationsOf(schema: GraphQLSchema, fetch: FetchNode): KindOf {
  let kindOf = known.get(fetch)
  if (!kindOf) known.set(fetch, (kindOf = compile(schema, fetch)))
  return kindOf
}

function compile(schema: GraphQLSchema, fetch: FetchNode): KindOf {
  const requires = fetch.requires ?? []
  const anyKind = byText((entity) => {
    const representation = representationOf(schema, entity, requires)
    if (!representation) return undefined
    applyRewrites(schema, fetch.inputRewrites, representation)
    return isUnknownToInterfaceObject(fetch, representation, schema) ? NOTHING_TO_ASK : JSON.stringify(representation)
  })
  if (fetch.inputRewrites?.length) return () => anyKind
  const byTypeName = new Map<string, FlatKind | null>()
  return (entity) => {
    const typeName = entity['__typename']
    if (typeof typeName !== 'string') return anyKind
    let flat = byTypeName.get(typeName)
    if (flat === undefined) {
      flat = compileFlat(schema, requires, typeName)
      // Subgraphs may call a type whatever they like.
      if (schema.getType(typeName)) byTypeName.set(typeName, flat)
    }
    return flat === null ? anyKind : (flat.bySingleValue?.(entity) ?? flat.byText)
  }
}

const byText = (read: (entity: JsonObject) => unknown): RepresentationKind => ({
  keyOf: read,
  textOf: (_entity, key) => key as string,
})

interface FlatKind {
  byText: RepresentationKind
  /** Where there is one field besides the name of the type; null for an entity in which its value is no scalar. */
  bySingleValue: ((entity: JsonObject) => RepresentationKind | null) | null
}

/** Null where the fields of this type are not all leaves, each selected once. */
function compileFlat(
  schema: GraphQLSchema,
  requires: readonly QueryPlanSelectionNode[],
  typeName: string,
): FlatKind | null {
  const sources = new Map<string, string>()
  if (!collectLeaves(schema, requires, typeName, sources)) return null
  if (sources.get('__typename') !== '__typename' || sources.size < 2) return null
  const fields = Array.from(sources, ([name, source], index) => ({
    /** What stands before the value. */
    prefix: `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`,
    source,
  }))
  const write = (entity: JsonObject): string | undefined => {
    let text = ''
    for (const { prefix, source } of fields) {
      const value = entity[source]
      if (value === undefined) return undefined
      text += prefix + textOf(value)
    }
    return `${text}}`
  }
  const [single, ...others] = [...sources.values()].filter((source) => source !== '__typename')
  if (single === undefined || others.length > 0) return { byText: byText(write), bySingleValue: null }
  const kind: RepresentationKind = {
    keyOf: (entity) => entity[single],
    textOf: (entity) => write(entity)!,
  }
  return {
    byText: byText(write),
    bySingleValue: (entity) => (typeof entity[single] === 'object' ? null : kind),
  }
}

/** As JSON.stringify writes it, which most values do not need. */
const textOf = (value: unknown): string =>
  typeof value === 'number' && Number.isFinite(value) && value !== 0 ? `${value}` : JSON.stringify(value)

function collectLeaves(
  schema: GraphQLSchema,
  selections: readonly QueryPlanSelectionNode[],
  typeName: string,
  sources: Map<string, string>,
): boolean {
  return selections.every((selection) => {
    if (selection.kind === 'InlineFragment') {
      const { typeCondition } = selection
      const isSelected = !typeCondition || isOfType(schema, typeName, typeCondition)
      return !isSelected || collectLeaves(schema, selection.selections, typeName, sources)
    }
    const { name, alias, selections: below } = selection
    if (below || sources.has(name)) return false
    sources.set(name, alias ?? name)
    return true
  })
}

/**
 * Whether a subgraph that has an interface as an object gets one of its types under the type's own name: the plan has no key for it, because it asks
 * nothing of it.
 */
function isUnknownToInterfaceObject(
  { inputRewrites }: FetchNode,
  { __typename: typeName }: JsonObject,
  schema: GraphQLSchema,
): boolean {
  return (inputRewrites ?? []).some(
    (rewrite) =>
      rewrite.kind === 'ValueSetter' &&
      rewrite.path.at(-1) === '__typename' &&
      rewrite.setValueTo !== typeName &&
      isOfType(schema, typeName, String(rewrite.setValueTo)),
  )
}
