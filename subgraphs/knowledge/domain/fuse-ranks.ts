/**
 * Reciprocal rank fusion: an item's score is the sum over the lists it is in of 1 / (k + rank), rank from 1.
 * Source: Cormack, Clarke, Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning
 * methods", SIGIR 2009; k = 60 is the constant of that paper. Ranks need no calibration between dense and lexical scores.
 */
export const reciprocalRankConstant = 60

export type Fused<Item> = {
  item: Item
  score: number
  /** Rank from 1 in each list, in the order of the lists; null where the item is absent. */
  ranks: (number | null)[]
}

/**
 * @param lists best first
 * @param keyOf items with the same key are the same; the first one seen is kept
 * @returns best first; equal scores keep the order in which they were first seen, so the result is deterministic
 */
export function fuseRanks<Item>(
  lists: readonly (readonly Item[])[],
  keyOf: (item: Item) => string,
  constant: number = reciprocalRankConstant,
): Fused<Item>[] {
  const fused = new Map<string, Fused<Item>>()
  lists.forEach((list, listIndex) => {
    list.forEach((item, index) => {
      const key = keyOf(item)
      const entry = fused.get(key) ?? { item, score: 0, ranks: lists.map(() => null) }
      fused.set(key, entry)
      // Only the best rank of a duplicate within one list counts.
      if (entry.ranks[listIndex] !== null && entry.ranks[listIndex] !== undefined) return
      entry.ranks[listIndex] = index + 1
      entry.score += 1 / (constant + index + 1)
    })
  })
  return [...fused.values()].sort((left, right) => right.score - left.score)
}
