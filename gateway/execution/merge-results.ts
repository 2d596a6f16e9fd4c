// Joins what a subgraph answered into what is known so far. Objects are joined by key, lists by index; null never erases an object that
// another fetch has filled.
import { isJsonObject, type JsonObject } from './representation.ts'

export function mergeResults(target: JsonObject, source: JsonObject): void {
  for (const [key, value] of Object.entries(source)) {
    // Aliases may be called as what every object inherits; only what an object has itself is known so far.
    const merged = mergeValues(Object.hasOwn(target, key) ? target[key] : undefined, value)
    // Assigned, it would be the object's prototype instead of one of its fields.
    if (key === '__proto__')
      Object.defineProperty(target, key, { value: merged, enumerable: true, configurable: true, writable: true })
    else target[key] = merged
  }
}

function mergeValues(existing: unknown, incoming: unknown): unknown {
  if (isJsonObject(existing) && isJsonObject(incoming)) {
    mergeResults(existing, incoming)
    return existing
  }
  if (Array.isArray(existing) && Array.isArray(incoming)) {
    return incoming.map((item, index) => (index < existing.length ? mergeValues(existing[index], item) : item))
  }
  return incoming === null && isJsonObject(existing) ? existing : incoming
}
