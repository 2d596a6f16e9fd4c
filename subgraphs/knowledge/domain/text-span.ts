/**
 * A half-open range of UTF-16 code units in a text: what a chunk, a sentence and a citation have in common.
 * Every span in this folder satisfies `0 <= startOffset < endOffset <= text.length`, begins and ends on a character
 * that is not white space, and never cuts a surrogate pair.
 */
export type TextSpan = { startOffset: number; endOffset: number }

/** Shrinks a range until it neither starts nor ends with white space; null when nothing else is in it. */
export function trimSpan(text: string, startOffset: number, endOffset: number): TextSpan | null {
  let start = startOffset
  let end = endOffset
  while (start < end && isSpace(text.charCodeAt(start))) start += 1
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1
  return start < end ? { startOffset: start, endOffset: end } : null
}

/** Every run of white space becomes one space: how a passage is shown, compared and measured. */
export function collapseWhitespace(text: string): string {
  return text.replace(/\s+/gu, ' ').trim()
}

/** The largest offset at or before `offset` that does not cut a surrogate pair. */
export function characterBoundary(text: string, offset: number): number {
  const code = text.charCodeAt(offset)
  const isLowSurrogate = code >= 0xdc00 && code <= 0xdfff
  return isLowSurrogate && offset > 0 ? offset - 1 : offset
}

function isSpace(code: number): boolean {
  return (
    code === 0x20 ||
    (code >= 0x09 && code <= 0x0d) ||
    code === 0xa0 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x3000 ||
    code === 0xfeff
  )
}
