// Joins what a subgraph answered into what is known so far. Objects are joined by key, lists by index; null never erases an object that
// another fetch has filled.
import { isJsonObject, type JsonObject } from './representation.ts'

/** Keys that would reach the prototype instead of the object; subgraph data is not trusted with them. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

export function mergeResults(target: JsonObject, source: JsonObject): void {
  for (const [key, value] of Object.entries(source)) {
    if (FORBIDDEN_KEYS.has(key)) continue
    target[key] = mergeValues(target[key], value)
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
