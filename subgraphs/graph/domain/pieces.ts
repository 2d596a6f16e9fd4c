// A tagger needs memory in proportion to what it is given at once, so long blocks are cut, at white space where there is
// some. Pieces cover the block without gap or overlap.
import type { Span } from './entity.ts'

/** Longest text handed to the tagger at once, in UTF-16 code units: some hundred sentences, a few milliseconds. */
const maximumPieceLength = 20_000

export function piecesOf(text: string, block: Span): Span[] {
  const pieces: Span[] = []
  let startOffset = block.startOffset
  while (block.endOffset - startOffset > maximumPieceLength) {
    const endOffset = cutBefore(text, startOffset, startOffset + maximumPieceLength)
    pieces.push({ startOffset, endOffset })
    startOffset = endOffset
  }
  if (startOffset < block.endOffset) pieces.push({ startOffset, endOffset: block.endOffset })
  return pieces
}

function cutBefore(text: string, start: number, limit: number): number {
  for (const separator of ['\n', '. ', ' ']) {
    const found = text.lastIndexOf(separator, limit - separator.length)
    if (found > start + maximumPieceLength / 2) return found + separator.length
  }
  // Never between the halves of a surrogate pair.
  return /[\ud800-\udbff]/.test(text[limit - 1] ?? '') ? limit - 1 : limit
}
