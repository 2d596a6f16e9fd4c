// Two adjacent events of a stream as one, for a client that stays behind: pieces of a text are joined, of what says where they stand the later
// counts, and all else must be the same. Nothing is lost by it: whoever joins the pieces has the same text.
import { isDeepStrictEqual } from 'node:util'
import type { SubgraphResponse } from '../subgraphs/subgraph-client.ts'
import type { EventFields, EventType } from './event-fields.ts'
import type { MergeEvents } from './waiting-events.ts'

type Fields = Readonly<Record<string, unknown>>

/** Null where they have to stay two. What the second adds is its pieces. */
export function mergeEvents(
  fields: EventFields,
  earlier: SubgraphResponse,
  later: SubgraphResponse,
): ReturnType<MergeEvents<SubgraphResponse>> {
  if (earlier.errors || later.errors) return null
  const [one, other] = [objectOf(fields, earlier), objectOf(fields, later)]
  if (!one || !other) return null
  const type = typeOf(fields, one)
  if (!type || type !== typeOf(fields, other) || type.deltas.size === 0) return null
  const merged = mergeFields(type, one, other)
  if (!merged) return null
  const addedBytes = Object.entries(other).reduce(
    (sum, [key, value]) => sum + (type.deltas.has(key) && typeof value === 'string' ? value.length : 0),
    0,
  )
  return { event: { ...later, data: { ...later.data, [fields.rootKey]: merged } }, addedBytes }
}

/** The cursor of an event that tells one. */
export function cursorOf(fields: EventFields, data: Fields | null | undefined): string | null {
  const event = objectOf(fields, { data })
  const key = event && typeOf(fields, event)?.cursor
  const cursor = key ? event[key] : null
  return typeof cursor === 'string' ? cursor : null
}

function mergeFields({ deltas, positions }: EventType, one: Fields, other: Fields): Fields | null {
  const keys = Object.keys(other)
  if (keys.length !== Object.keys(one).length) return null
  const merged: Record<string, unknown> = {}
  for (const key of keys) {
    const [before, after] = [one[key], other[key]]
    if (deltas.has(key)) {
      if (typeof before !== 'string' || typeof after !== 'string') return null
      merged[key] = before + after
    } else {
      if (!positions.has(key) && !isDeepStrictEqual(before, after)) return null
      merged[key] = after
    }
  }
  return merged
}

function objectOf({ rootKey }: EventFields, { data }: { data?: Fields | null | undefined }): Fields | null {
  const event = data?.[rootKey]
  return typeof event === 'object' && event !== null && !Array.isArray(event) ? (event as Fields) : null
}

function typeOf({ types, onlyType }: EventFields, event: Fields): EventType | undefined {
  const name = event['__typename'] ?? onlyType
  return typeof name === 'string' ? types.get(name) : undefined
}
