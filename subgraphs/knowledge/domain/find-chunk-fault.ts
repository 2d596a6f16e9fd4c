// What must hold of stored chunks: in order and without gaps they are the document's text, and each is the text at its span.

export interface StoredChunk {
  ordinal: number
  startOffset: number
  endOffset: number
  text: string
  precedingText: string
}

/** The first fault in words for a person, or null. `chunks` in the order of their ordinals. */
export function findChunkFault(document: {
  text: string
  chunks: readonly StoredChunk[]
  chunkCount: number
  trailingText: string
}): string | null {
  const { text, chunks, chunkCount, trailingText } = document
  if (chunks.length !== chunkCount) return `${chunks.length} of its ${chunkCount} chunks are stored`
  let end = 0
  for (const [index, chunk] of chunks.entries()) {
    if (chunk.ordinal !== index) return `its chunk ${index} is missing`
    if (chunk.startOffset < end || chunk.endOffset <= chunk.startOffset || chunk.endOffset > text.length)
      return `the span of its chunk ${index} is not in the text`
    if (text.slice(chunk.startOffset, chunk.endOffset) !== chunk.text)
      return `its chunk ${index} is not the text at its span`
    if (text.slice(end, chunk.startOffset) !== chunk.precedingText) return `text before its chunk ${index} is lost`
    end = chunk.endOffset
  }
  return text.slice(end) === trailingText ? null : 'text behind its last chunk is lost'
}
