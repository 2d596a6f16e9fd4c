// Ranked lists of several collections as one.
import type { RankedChunks } from '../ports/vector-store.ts'

/** Best first; a chunk that is in several lists counts with its best score. Scores have to be comparable, or nearly so. */
export function mergeRanked(lists: readonly RankedChunks[], limit: number): RankedChunks {
  if (lists.length === 1) return lists[0]!.slice(0, limit)
  const best = new Map<string, number>()
  for (const { chunkId, score } of lists.flat()) best.set(chunkId, Math.max(score, best.get(chunkId) ?? -Infinity))
  return [...best]
    .map(([chunkId, score]) => ({ chunkId, score }))
    .toSorted((a, b) => b.score - a.score)
    .slice(0, limit)
}
