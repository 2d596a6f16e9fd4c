// Ids are TypeIDs: a type prefix that operators can read and a UUIDv7 that sorts by time (https://github.com/jetify-com/typeid).
import { createHash } from 'node:crypto'
import { fromString, fromUUID, getType, typeidUnboxed } from 'typeid-js'

/** A new id, unique and ordered by creation time. */
export function createId<Prefix extends string>(prefix: Prefix): `${Prefix}_${string}` {
  return typeidUnboxed(prefix) as `${Prefix}_${string}`
}

/** The same id for the same name, so that a repeated step writes the same row again. Shape of a UUIDv8 (RFC 9562, 5.8) over SHA-256. */
export function deterministicId<Prefix extends string>(
  prefix: Prefix,
  ...name: readonly string[]
): `${Prefix}_${string}` {
  const bytes = createHash('sha256')
    .update(JSON.stringify([prefix, ...name]))
    .digest()
    .subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  return fromUUID(uuid, prefix) as unknown as `${Prefix}_${string}`
}

/** The prefix of a well-formed id, or null: a malformed id is simply unknown. */
export function idPrefix(id: string): string | null {
  try {
    return getType(fromString(id))
  } catch {
    return null
  }
}

/** Whether `id` is well formed and of the given type. */
export function hasPrefix<Prefix extends string>(id: string, prefix: Prefix): id is `${Prefix}_${string}` {
  return idPrefix(id) === prefix
}
