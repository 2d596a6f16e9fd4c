// What a fetch's `requires` asks of an entity: the representation that `_entities` gets, or null where the object is not of the type or a
// required field is missing (then there is nothing to fetch for it).
import type { QueryPlanSelectionNode } from '@apollo/query-planner'
import { isAbstractType, isObjectType, type GraphQLSchema } from 'graphql'

export type JsonObject = Record<string, unknown>

export function representationOf(
  schema: GraphQLSchema,
  entity: JsonObject,
  selections: readonly QueryPlanSelectionNode[],
): JsonObject | null {
  const representation = select(schema, entity, selections)
  return representation && '__typename' in representation && Object.keys(representation).length > 1
    ? representation
    : null
}

function select(
  schema: GraphQLSchema,
  source: JsonObject,
  selections: readonly QueryPlanSelectionNode[],
): JsonObject | null {
  const result: JsonObject = {}
  for (const selection of selections) {
    if (selection.kind === 'InlineFragment') {
      if (selection.typeCondition && !isOfType(schema, source['__typename'], selection.typeCondition)) continue
      const part = select(schema, source, selection.selections)
      if (part === null) return null
      for (const [name, value] of Object.entries(part)) result[name] = joined(result[name], value)
      continue
    }
    // An alias says where a required field with arguments was put; subgraphs know it by its name.
    const value = source[selection.alias ?? selection.name]
    if (value === undefined) return null
    const selected = selection.selections ? selectInto(schema, value, selection.selections) : value
    if (selected === undefined) return null
    result[selection.name] = joined(result[selection.name], selected)
  }
  return result
}

/** Fragments may each select a part of one object. */
function joined(known: unknown, added: unknown): unknown {
  if (Array.isArray(known) && Array.isArray(added)) return added.map((item, index) => joined(known[index], item))
  if (!isJsonObject(known) || !isJsonObject(added)) return added
  const both = { ...known }
  for (const [name, value] of Object.entries(added)) both[name] = joined(known[name], value)
  return both
}

/** Undefined where a field is missing. */
function selectInto(schema: GraphQLSchema, value: unknown, selections: readonly QueryPlanSelectionNode[]): unknown {
  if (!Array.isArray(value)) return isJsonObject(value) ? (select(schema, value, selections) ?? undefined) : value
  const items = value.map((item) => selectInto(schema, item, selections))
  return items.includes(undefined) ? undefined : items
}

export function isOfType(schema: GraphQLSchema, typeName: unknown, condition: string): boolean {
  if (typeof typeName !== 'string') return false
  if (typeName === condition) return true
  const abstract = schema.getType(condition)
  const concrete = schema.getType(typeName)
  return isAbstractType(abstract) && isObjectType(concrete) && schema.isSubType(abstract, concrete)
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
