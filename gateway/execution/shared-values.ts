// A result as a graph: where several objects of one place in the operation are the same entity, what a subgraph says of it is not copied for each. They
// hold the same lists and objects, which are then filled, and shaped, once. Whoever is to put something into one of them for one holder alone takes a
// copy; what was asked for the original meanwhile is meant for the copy, too.
import { isJsonObject, type JsonObject } from './representation.ts'

export interface SharedValues {
  /** Whether more than one object holds it. */
  has(value: unknown): boolean
  /** From now on, more than one object holds it. */
  add(value: object): void
  /** Every list and object that a field of it holds is shared from now on. */
  addValuesOf(entity: JsonObject): void
  /** All the way down. */
  copyOf<Value>(value: Value): Value
  /** The objects, and their copies. */
  withCopies(objects: readonly JsonObject[]): readonly JsonObject[]
  /** Whether there are none. */
  readonly isEmpty: boolean
}

export function createSharedValues(): SharedValues {
  const values = new Set<unknown>()
  const copies = new Map<JsonObject, JsonObject[]>()
  const noteCopy = (source: JsonObject, copy: JsonObject): void => {
    const known = copies.get(source)
    if (known) known.push(copy)
    else copies.set(source, [copy])
  }
  const withCopies = (objects: readonly JsonObject[]): JsonObject[] =>
    objects.flatMap((object) => [object, ...withCopies(copies.get(object) ?? [])])
  return {
    has: (value) => values.size > 0 && values.has(value),
    add: (value) => void values.add(value),
    addValuesOf(entity) {
      for (const key of Object.keys(entity)) {
        const value = entity[key]
        if (typeof value === 'object' && value !== null) values.add(value)
      }
    },
    copyOf: (value) => copyOf(value, noteCopy),
    withCopies: (objects) => (copies.size === 0 ? objects : withCopies(objects)),
    get isEmpty() {
      return values.size === 0
    },
  }
}

/** All the way down: for a target that takes it. */
export function copyOf<Value>(source: Value, onObject?: (source: JsonObject, copy: JsonObject) => void): Value {
  if (Array.isArray(source)) return source.map((item: unknown) => copyOf(item, onObject)) as Value
  if (!isJsonObject(source)) return source
  const copy: JsonObject = {}
  for (const key of Object.keys(source)) put(copy, key, copyOf(source[key], onObject))
  onObject?.(source, copy)
  return copy as Value
}

export function put(target: JsonObject, key: string, value: unknown): void {
  // Assigned, it would be the object's prototype instead of one of its fields.
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  else target[key] = value
}
