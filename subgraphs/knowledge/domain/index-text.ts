/**
 * What is indexed for a chunk: its words under the headings and the title it stands below. A chunk that says "It
 * defaults to 30 seconds" is found by what the heading above it names. Stored offsets never refer to this text.
 */
import { collapseWhitespace } from './text-span.ts'

export type IndexedChunk = { text: string; headings: readonly string[]; documentTitle: string | null }

/** Text for the embedding model and for the full-text index alike. Title and headings take at most 240 characters. */
export function indexText(chunk: IndexedChunk): string {
  const context = contextLine(chunk.documentTitle, chunk.headings, 240)
  const body = collapseWhitespace(chunk.text)
  return context === '' ? body : `${context}\n${body}`
}

/** "Title › outer heading › inner heading": the innermost headings win when there is not room for all. */
export function contextLine(documentTitle: string | null, headings: readonly string[], maximumLength: number): string {
  const labels = [...(documentTitle === null ? [] : [documentTitle]), ...headings]
    .map(collapseWhitespace)
    .filter((label, index, all) => label !== '' && all.indexOf(label) === index)
  while (labels.length > 1 && labels.join(' › ').length > maximumLength) labels.splice(labels.length > 2 ? 1 : 0, 1)
  return labels.join(' › ').slice(0, maximumLength).trim()
}
