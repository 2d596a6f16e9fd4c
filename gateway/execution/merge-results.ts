// Joins what a subgraph answered into what is known so far. Objects are joined by key, lists by index; null never erases an object that
// another fetch has filled, and the name of an interface, which is what a subgraph with an interface object knows, never the name of a type.
import { isAbstractType, type GraphQLSchema } from 'graphql'
import { isJsonObject, type JsonObject } from './representation.ts'

export function mergeResults(schema: GraphQLSchema, target: JsonObject, source: JsonObject): void {
  for (const [key, value] of Object.entries(source)) {
    // Aliases may be called as what every object inherits; only what an object has itself is known so far.
    const known = Object.hasOwn(target, key) ? target[key] : undefined
    if (key === '__typename' && known !== undefined && isAbstractName(schema, value)) continue
    const merged = mergeValues(schema, known, value)
    // Assigned, it would be the object's prototype instead of one of its fields.
    if (key === '__proto__')
      Object.defineProperty(target, key, { value: merged, enumerable: true, configurable: true, writable: true })
    else target[key] = merged
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
