// Joins what a subgraph answered into what is known so far. Objects are joined by key, lists by index; null never erases an object that
// another fetch has filled, and the name of an interface, which is what a subgraph with an interface object knows, never the name of a type.
import { isAbstractType, type GraphQLSchema } from 'graphql'
import { isJsonObject, type JsonObject } from './representation.ts'
import type { SharedValues } from './shared-values.ts'

type Shared = Pick<SharedValues, 'has'>

/** The target takes what is new to it as it is: nobody else may hold the source, but for values of it that are told to be shared. */
export function mergeResults(schema: GraphQLSchema, target: JsonObject, source: JsonObject, shared: Shared): void {
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

function put(target: JsonObject, key: string, value: unknown): void {
  // Assigned, it would be the object's prototype instead of one of its fields.
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  else target[key] = value
}

/** For a target that takes it: several places get the same answer, and later fetches fill each for itself. */
export function copyOf(source: JsonObject): JsonObject {
  const copy: JsonObject = {}
  for (const key of Object.keys(source)) put(copy, key, copyOfValue(source[key]))
  return copy
}

function copyOfValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOfValue)
  return isJsonObject(value) ? copyOf(value) : value
}

/** What one object is told of it is not true of the others that hold it. */
const ownOf = <Value extends JsonObject | unknown[]>(value: Value, shared: Shared): Value =>
  shared.has(value) ? (copyOfValue(value) as Value) : value

const isAbstractName = (schema: GraphQLSchema, name: unknown): boolean =>
  typeof name !== 'string' || isAbstractType(schema.getType(name))

function mergeValues(schema: GraphQLSchema, existing: unknown, incoming: unknown, shared: Shared): unknown {
  if (isJsonObject(existing) && isJsonObject(incoming)) {
    const own = ownOf(existing, shared)
    mergeResults(schema, own, ownOf(incoming, shared), shared)
    return own
  }
  if (Array.isArray(existing) && Array.isArray(incoming)) {
    const [known, added] = [ownOf(existing, shared), ownOf(incoming, shared)]
    return added.map((item, index) =>
      index < known.length ? mergeValues(schema, known[index], item, shared) : (item as unknown),
    )
  }
  return incoming === null && isJsonObject(existing) ? existing : incoming
}
