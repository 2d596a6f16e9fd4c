// Joins what a subgraph answered into what is known so far. Objects are joined by key, lists by index; null never erases an object that
// another fetch has filled, and the name of an interface, which is what a subgraph with an interface object knows, never the name of a type.
import { isAbstractType, type GraphQLSchema } from 'graphql'
import { isJsonObject, type JsonObject } from './representation.ts'
import { put, type SharedValues } from './shared-values.ts'

/** The target takes what is new to it as it is: nobody else may hold the source, but for values of it that are shared. */
export function mergeResults(
  schema: GraphQLSchema,
  target: JsonObject,
  source: JsonObject,
  shared: SharedValues,
): void {
  for (const key of Object.keys(source)) {
    const value = source[key]
    // Aliases may be called as what every object inherits; only what an object has itself is known so far.
    const known = Object.hasOwn(target, key) ? target[key] : undefined
    if (known === undefined) {
      put(target, key, value)
      continue
    }
    if (key === '__typename' && isAbstractName(schema, value)) continue
    put(target, key, mergeValues(schema, known, value, shared))
  }
}

const isAbstractName = (schema: GraphQLSchema, name: unknown): boolean =>
  typeof name !== 'string' || isAbstractType(schema.getType(name))

function mergeValues(schema: GraphQLSchema, existing: unknown, incoming: unknown, shared: SharedValues): unknown {
  // What one holder is told is not true of the others.
  const own = <Value>(value: Value): Value => (shared.has(value) ? shared.copyOf(value) : value)
  if (isJsonObject(existing) && isJsonObject(incoming)) {
    const known = own(existing)
    mergeResults(schema, known, own(incoming), shared)
    return known
  }
  if (Array.isArray(existing) && Array.isArray(incoming)) {
    const [known, added] = [own(existing as unknown[]), own(incoming as unknown[])]
    return added.map((item, index) => (index < known.length ? mergeValues(schema, known[index], item, shared) : item))
  }
  return incoming === null && isJsonObject(existing) ? existing : incoming
}
