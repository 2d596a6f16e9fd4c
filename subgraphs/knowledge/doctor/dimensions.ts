// Whether what the collections of a vector store hold fits the models that embed: a vector of another length is neither stored nor found.
import { failed, ok, skipped, warning, type Finding } from '../../../contracts/doctor.ts'
import type { EmbeddingSpace } from '../ports/vector-store.ts'

export interface FoundCollection {
  name: string
  /** What it was made for. */
  space: EmbeddingSpace
  /** Length of the vectors that it holds or takes; null while that is open. */
  dimensions: number | null
}

export interface EmbeddingModel {
  name: string
  dimensions: number
}

/** `models`: those that embed now. */
export function judgeDimensions(found: readonly FoundCollection[], models: readonly EmbeddingModel[]): Finding {
  if (found.length === 0) return skipped('there are no collections with vectors yet')
  const wrong = found.filter(({ space, dimensions }) => dimensions !== null && dimensions !== space.dimensions)
  if (wrong.length > 0)
    return failed(
      wrong
        .map(
          ({ name, space, dimensions }) =>
            `${name} has vectors of ${dimensions} dimensions, and is that of ${space.modelName} with ${space.dimensions}`,
        )
        .join('\n'),
      'Restore the collection from a backup, or delete it and ingest its documents again.',
    )
  const changed = models.flatMap(({ name, dimensions }) => {
    const others = found.filter(({ space }) => space.modelName === name).map(({ space }) => space.dimensions)
    const isKnown = others.length === 0 || others.includes(dimensions)
    return isKnown ? [] : [`${name} makes ${dimensions} dimensions, its documents have ${others.join(' and ')}`]
  })
  if (changed.length > 0)
    return warning(
      `${changed.join('\n')}; they are found by words only`,
      'Bring back the model that they were embedded with under this name, or ingest them again.',
    )
  const words = found.map(({ space }) => `${space.modelName} (${space.dimensions})`)
  return ok([...new Set(words)].join(', '))
}
