// Joins what a subgraph answered into what is known so far. Objects are joined by key, lists by index; null never erases an object that
// another fetch has filled, and the name of an interface, which is what a subgraph with an interface object knows, never the name of a type.
import { isAbstractType, type GraphQLSchema } from 'graphql'
import { isJsonObject, type JsonObject } from './representation.ts'

/** Keys that would reach the prototype instead of the object; subgraph data is not trusted with them. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

export function mergeResults(schema: GraphQLSchema, target: JsonObject, source: JsonObject): void {
  for (const [key, value] of Object.entries(source)) {
    if (FORBIDDEN_KEYS.has(key)) continue
    if (key === '__typename' && target[key] !== undefined && isAbstractName(schema, value)) continue
    target[key] = mergeValues(schema, target[key], value)
  }
}

const isAbstractName = (schema: GraphQLSchema, name: unknown): boolean =>
  typeof name !== 'string' || isAbstractType(schema.getType(name))

function mergeValues(schema: GraphQLSchema, existing: unknown, incoming: unknown): unknown {
  if (isJsonObject(existing) && isJsonObject(incoming)) {
    mergeResults(schema, existing, incoming)
    return existing
  }
  if (Array.isArray(existing) && Array.isArray(incoming)) {
    return incoming.map((item, index) => (index < existing.length ? mergeValues(schema, existing[index], item) : item))
  }
  return incoming === null && isJsonObject(existing) ? existing : incoming
}
