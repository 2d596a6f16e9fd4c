// What EXTRACT finds in a document and CLEAN reads: elements in reading order, still as the file has them (line breaks, hyphens at line
// ends, running headers). Nothing here is normalised, so a better CLEAN can be run again over stored elements.

export type ElementKind = 'heading' | 'paragraph' | 'list-item' | 'table' | 'code'

/** In PDF points, from the top left corner of the page. */
export interface ElementBox {
  left: number
  top: number
  right: number
  bottom: number
}

export interface ExtractedElement {
  kind: ElementKind
  /** Lines as they are in the file, separated by "\n"; cells of one line by "\t". */
  text: string
  /** Depth of a heading (1 is the top) or of a list item (0 is the outermost). */
  level?: number
  /** Counted from 1; only in formats that have pages. */
  page?: number
  box?: ElementBox
  /** Size of most of its characters in points; tells footnotes from body text. */
  fontSize?: number
}

/**
 * How the ends of lines came about, which decides what CLEAN may do with a hyphen there: `typeset` text was hyphenated by a program,
 * `wrapped` text was broken by its author at white space or at hyphens that belong to the words, `markup` has no line ends of its own.
 */
export type LineEnds = 'typeset' | 'wrapped' | 'markup'

export interface ExtractedDocument {
  version: 1
  mediaType: SupportedMediaType
  title: string | null
  lineEnds: LineEnds
  pageCount: number | null
  /** Pages on which no text was found (pictures, scans, or really empty): what a quality report has to show. */
  pagesWithoutText: number[]
  elements: ExtractedElement[]
}

export const SUPPORTED_MEDIA_TYPES = ['text/plain', 'text/markdown', 'text/html', 'application/pdf'] as const
export type SupportedMediaType = (typeof SUPPORTED_MEDIA_TYPES)[number]
