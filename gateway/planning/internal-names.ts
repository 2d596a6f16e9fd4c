// Names that only plans know. A fetch asks for keys and required fields besides what the client asked for, under their own names; where a client's
// response name could meet one of those, one of the two has an internal name until the answer is shaped.
import { createHash } from 'node:crypto'

const PREFIX = '_tributary_'
const INTERNAL = /^_tributary_(?:client|\d+|[0-9a-f]{16})_(.+)$/

/** `purpose`: "client" for a response name that the client chose; the number of a required field with its arguments; else `digestOf` a field. */
export const internalName = (purpose: string | number, name: string): string => `${PREFIX}${purpose}_${name}`

/** Of a field with its arguments, as text. */
export const digestOf = (field: string): string => createHash('sha256').update(field).digest('hex').slice(0, 16)

/** True also of what a client named so itself. */
export const looksInternal = (name: string): boolean => name.startsWith(PREFIX)

/** A path in the data of subgraphs as the client knows it. */
export const clientPathOf = (path: readonly (string | number)[]): (string | number)[] =>
  path.map((step) => (typeof step === 'string' ? (INTERNAL.exec(step)?.[1] ?? step) : step))
