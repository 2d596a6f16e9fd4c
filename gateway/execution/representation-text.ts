// Representations as the JSON text that a subgraph gets. Most fetches require scalar fields of one object; their text is put together without
// an object, by what is compiled once for a fetch and a type. Whatever is more than that goes through `representationOf`.
import type { FetchNode, QueryPlanSelectionNode } from '@apollo/query-planner'
import type { GraphQLSchema } from 'graphql'
import { applyRewrites } from './data-rewrites.ts'
import { isOfType, representationOf, type JsonObject } from './representation.ts'

/** Null where not all is known that the fetch requires, undefined where the subgraph has nothing to say about objects of this type. */
type ReadText = (entity: JsonObject) => string | null | undefined

const readers = new WeakMap<FetchNode, ReadText>()

/** A fetch belongs to one schema. */
export function textReaderOf(schema: GraphQLSchema, fetch: FetchNode): ReadText {
  let read = readers.get(fetch)
  if (!read) readers.set(fetch, (read = compile(schema, fetch)))
  return read
}

interface FlatField {
  /** Of the value of this field, with the punctuation before it. */
  prefix: string
  /** Under which name the entity has it. */
  source: string
}

function compile(schema: GraphQLSchema, fetch: FetchNode): ReadText {
  const requires = fetch.requires ?? []
  const readAny: ReadText = (entity) => {
    const representation = representationOf(schema, entity, requires)
    if (!representation) return null
    applyRewrites(schema, fetch.inputRewrites, representation)
    return isUnknownToInterfaceObject(fetch, representation, schema) ? undefined : JSON.stringify(representation)
  }
  if (fetch.inputRewrites?.length) return readAny
  const byTypeName = new Map<string, ReadText>()
  return (entity) => {
    const typeName = entity['__typename']
    if (typeof typeName !== 'string') return readAny(entity)
    let read = byTypeName.get(typeName)
    if (!read) {
      read = compileFlat(schema, requires, typeName) ?? readAny
      // Subgraphs may call a type whatever they like.
      if (schema.getType(typeName)) byTypeName.set(typeName, read)
    }
    return read(entity)
  }
}

/** Null where the fields of this type are not all leaves, each selected once. */
function compileFlat(
  schema: GraphQLSchema,
  requires: readonly QueryPlanSelectionNode[],
  typeName: string,
): ReadText | null {
  const sources = new Map<string, string>()
  if (!collectLeaves(schema, requires, typeName, sources)) return null
  if (sources.get('__typename') !== '__typename' || sources.size < 2) return null
  const fields = Array.from(sources, ([name, source], index): FlatField => {
    return { prefix: `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`, source }
  })
  return (entity) => {
    let text = ''
    for (const { prefix, source } of fields) {
      const value = entity[source]
      if (value === undefined) return null
      text += prefix + JSON.stringify(value)
    }
    return `${text}}`
  }
}

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
