// Which elements of a PDF are headings, and how deep: its outline says so where there is one, then the numbers before titles, then sizes.

import type { ExtractedElement } from '../element.ts'
import type { DocumentTypography } from './blocks.ts'

export interface OutlineEntry {
  title: string
  /** 1 for the outermost. */
  level: number
  /** Counted from 1; null when its target cannot be resolved. */
  page: number | null
}

const MAXIMUM_HEADING_LINES = 4
const MAXIMUM_HEADING_CHARACTERS = 250
const NUMBERED = /^(?:(?:chapter|section|appendix|part)\s+)?((?:\d{1,3}|[A-Z])(?:\.\d{1,3})*)\.?\s+\S/i

export function markHeadings(
  elements: readonly ExtractedElement[],
  outline: readonly OutlineEntry[],
  typography: DocumentTypography,
): ExtractedElement[] {
  const byTitle = new Map<string, OutlineEntry[]>()
  for (const entry of outline) {
    const key = titleKey(entry.title)
    const entries = byTitle.get(key) ?? []
    entries.push(entry)
    if (key !== '') byTitle.set(key, entries)
  }
  const sizes = [
    ...new Set(elements.filter((element) => isLarge(element, typography)).map((element) => element.fontSize!)),
  ].sort((one, other) => other - one)

  return elements.map((element) => {
    if (!canBeHeading(element)) return element
    const text = element.text.replace(/\s+/g, ' ')
    const entry = byTitle
      .get(titleKey(text))
      ?.find(({ page }) => page === null || element.page === undefined || page === element.page)
    if (entry && element.fontSize! >= typography.bodyFontSize * 0.98)
      return { ...element, kind: 'heading', level: entry.level }
    if (!isLarge(element, typography)) return element
    const number = NUMBERED.exec(text)?.[1]
    const level = number === undefined ? sizes.indexOf(element.fontSize!) + 1 : number.split('.').length
    return { ...element, kind: 'heading', level: Math.min(level, 6) }
  })
}

function canBeHeading(element: ExtractedElement): boolean {
  // Names of files and programs make up whole titles, in the font of code.
  const isText = element.kind !== 'table'
  const isShort =
    element.text.length <= MAXIMUM_HEADING_CHARACTERS && element.text.split('\n').length <= MAXIMUM_HEADING_LINES
  return isText && isShort && /\p{L}/u.test(element.text)
}

function isLarge(element: ExtractedElement, typography: DocumentTypography): boolean {
  return canBeHeading(element) && element.fontSize !== undefined && element.fontSize >= typography.bodyFontSize * 1.15
}

/** Titles in outlines come without numbers as often as with them, and with other spaces. */
function titleKey(title: string): string {
  return title
    .normalize('NFKC')
    .toLowerCase()
    .replace(/^(?:chapter|section|appendix|part)\s+/, '')
    .replace(/^(?:\d+|[a-z])(?:\.\d+)*\.?\s+/, '')
    .replace(/[^\p{L}\p{N}]+/gu, '')
}
