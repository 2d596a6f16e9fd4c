// The extracted and cleaned content of a document, as a content-addressed blob: written by ingestion, read by knowledge and graph.
// `text` is Document.text, the one text that all offsets refer to (UTF-16 code units, end exclusive).
import { z } from 'zod'

export const contentBlockSchema = z.object({
  kind: z.enum(['heading', 'paragraph', 'list-item', 'table', 'code']),
  startOffset: z.int().nonnegative(),
  endOffset: z.int().positive(),
  /** 1 is the highest; headings only. */
  level: z.int().min(1).max(6).optional(),
  /** Of the first character; counted from 1; paged formats only. */
  page: z.int().positive().optional(),
  /** Where further pages begin inside the block: a paragraph that runs over a page break is one block. */
  pageBreaks: z.array(z.object({ page: z.int().positive(), startOffset: z.int().positive() })).optional(),
})
export type ContentBlock = z.infer<typeof contentBlockSchema>

/** The page on which the character at `offset` (into the whole text) stands; undefined in formats without pages. */
export function pageAt(block: ContentBlock, offset: number): number | undefined {
  return block.pageBreaks?.findLast((pageBreak) => pageBreak.startOffset <= offset)?.page ?? block.page
}

export const documentContentSchema = z.object({
  version: z.literal(1),
  /** The title that the document itself states, or null. */
  title: z.string().nullable(),
  text: z.string(),
  /** In order, trimmed, not overlapping; between them only white space. */
  blocks: z.array(contentBlockSchema),
})
export type DocumentContent = z.infer<typeof documentContentSchema>

/** The chunks of a document as a blob: written by knowledge, read by graph. */
export const documentChunksSchema = z.object({
  version: z.literal(1),
  chunks: z.array(z.object({ id: z.string(), startOffset: z.int(), endOffset: z.int() })),
})
export type DocumentChunks = z.infer<typeof documentChunksSchema>
