// What a person should know of a document that was read, though nothing failed.

export interface Warning {
  code: 'PAGES_WITHOUT_TEXT'
  message: string
  /** Counted from 1; the first of them when there are many. */
  pages: number[]
}

const MOST_PAGES = 100
const MOST_PAGES_IN_MESSAGE = 10

export function warningsOf(item: { pageCount: number | null; pagesWithoutText: number[] | null }): Warning[] {
  const { pageCount, pagesWithoutText: pages } = item
  if (pageCount === null || pages === null || pages.length === 0) return []
  const named = pages.slice(0, MOST_PAGES_IN_MESSAGE).join(', ')
  const more = pages.length > MOST_PAGES_IN_MESSAGE ? `, and ${pages.length - MOST_PAGES_IN_MESSAGE} more` : ''
  const message =
    `${pages.length} of ${pageCount} pages ${pages.length === 1 ? 'has' : 'have'} no text (scanned?): ${named}${more}. ` +
    'What they show cannot be found; run the file through text recognition (OCR) and ingest the result.'
  return [{ code: 'PAGES_WITHOUT_TEXT', message, pages: pages.slice(0, MOST_PAGES) }]
}
