// What CLEAN makes: the one text of a document and the blocks that lie in it. Stored as a blob; every offset of the platform refers to it.

import type { ElementKind } from './element.ts'

export interface ContentBlock {
  kind: ElementKind
  /** UTF-16 code units into `text`; the end is exclusive. Blocks are ordered, do not overlap, and neither begin nor end with white space. */
  startOffset: number
  endOffset: number
  /** 1 is the highest, 6 the deepest; headings only. */
  level?: number
  /** Of its first character. */
  page?: number
  /** Where further pages begin inside the block. */
  pageBreaks?: PageBreak[]
}

export interface PageBreak {
  page: number
  /** UTF-16 code units into the whole text. */
  startOffset: number
}

export interface DocumentContent {
  version: 1
  title: string | null
  text: string
  blocks: ContentBlock[]
}
