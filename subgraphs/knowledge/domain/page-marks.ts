// On which page a stretch of text stands. A chunk may run over page breaks, and so may a single paragraph; the marks say where in the chunk
// each page begins.
import type { TextSpan } from './text-span.ts'

/** From `startOffset` (into Document.text) on the text stands on `page`, counted from 1. */
export interface PageMark {
  page: number
  startOffset: number
}

interface PagedBlock extends TextSpan {
  page?: number | undefined
  pageBreaks?: readonly PageMark[] | undefined
}

/** One list per span, in order; empty where the text has no pages. `blocks` and `spans` are ordered and do not overlap among themselves. */
export function pageMarks(blocks: readonly PagedBlock[], spans: readonly TextSpan[]): PageMark[][] {
  let first = 0
  return spans.map((span) => {
    while (first < blocks.length && blocks[first]!.endOffset <= span.startOffset) first += 1
    const marks: PageMark[] = []
    for (let index = first; index < blocks.length; index += 1) {
      const { startOffset, page, pageBreaks = [] } = blocks[index]!
      if (startOffset >= span.endOffset) break
      const begins = page === undefined ? [] : [{ page, startOffset }]
      for (const mark of [...begins, ...pageBreaks]) {
        if (mark.startOffset >= span.endOffset) break
        // Up to the span's own start only the last page counts.
        if (mark.startOffset <= span.startOffset) marks.length = 0
        if (marks.at(-1)?.page !== mark.page)
          marks.push({ page: mark.page, startOffset: Math.max(mark.startOffset, span.startOffset) })
      }
    }
    return marks
  })
}

/** The page of the character at `offset`; null where the text has no pages. */
export function pageAtOffset(marks: readonly PageMark[], offset: number): number | null {
  return marks.findLast(({ startOffset }) => startOffset <= offset)?.page ?? marks[0]?.page ?? null
}
