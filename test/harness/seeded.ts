// Chance that can be repeated: the seed is printed, and TEST_SEED sets it. In CI it is always the same, so that a run tells what a change did; elsewhere
// each run looks somewhere else.
import seedrandom from 'seedrandom'

export interface SeededChance {
  seed: string
  /** Whether it is the seed of CI, which earlier runs have had. */
  isKnown: boolean
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number
  shuffled<Item>(items: readonly Item[]): Item[]
}

const KNOWN_SEED = '1'

export function createSeededChance(): SeededChance {
  const seed = process.env['TEST_SEED'] ?? (process.env['CI'] ? KNOWN_SEED : String(Date.now()))
  const random = seedrandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  return {
    seed,
    isKnown: seed === KNOWN_SEED,
    below,
    shuffled(items) {
      const result = [...items]
      for (let index = result.length - 1; index > 0; index -= 1) {
        const other = below(index + 1)
        ;[result[index], result[other]] = [result[other]!, result[index]!]
      }
      return result
    },
  }
}
