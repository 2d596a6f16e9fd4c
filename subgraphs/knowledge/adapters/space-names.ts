// What names of collections and tables say of an embedding space: names of models are long and hold characters that those may not.
import { createHash } from 'node:crypto'
import type { EmbeddingSpace } from '../ports/vector-store.ts'

/** Hexadecimal, unique to the space. */
export const digestOf = ({ modelName, dimensions }: EmbeddingSpace, length: number): string =>
  createHash('sha256')
    .update(JSON.stringify([modelName, dimensions]))
    .digest('hex')
    .slice(0, length)

/** Readable for operators, and unique. */
export function labelOf(space: EmbeddingSpace): string {
  const readable = space.modelName.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 60)
  return `${readable}-${space.dimensions}-${digestOf(space, 16)}`
}
