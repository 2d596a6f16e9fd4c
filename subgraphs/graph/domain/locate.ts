// Where in the document a span lies, for people: the page and the chunk that hold its start.
import type { Span } from './entity.ts'

/** Finds the last of ordered spans that starts at or before the offset and holds it; with overlap, the one that starts latest. */
export function spanAt<S extends Span>(ordered: readonly S[], offset: number): S | undefined {
  let low = 0
  let high = ordered.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ordered[middle] as S).startOffset <= offset) low = middle + 1
    else high = middle
  }
  const found = ordered[low - 1]
  return found && offset < found.endOffset ? found : undefined
}
