// A table of contents reads like a run of numbered headings without text between them. It becomes one table, so that a list of titles
// does not pass for the sections themselves.

import type { ExtractedElement } from '../element.ts'
import { sectionDepth } from './classify.ts'

const MINIMUM_ENTRIES = 5

export function markContentsLists(elements: readonly ExtractedElement[]): ExtractedElement[] {
  const marked: ExtractedElement[] = []
  let run: ExtractedElement[] = []
  const close = () => {
    const isContents = run.length >= MINIMUM_ENTRIES && !isProperOutline(run)
    if (isContents) marked.push({ ...run[0]!, kind: 'table', text: run.map((entry) => entry.text).join('\n') })
    else marked.push(...run)
    run = []
  }
  for (const element of elements) {
    if (isEntry(element) && (run.length === 0 || run[0]!.page === element.page)) run.push(element)
    else {
      close()
      marked.push(element)
    }
  }
  close()
  return marked.map(({ level, ...element }) =>
    level === undefined || element.kind === 'table' ? element : { ...element, level },
  )
}

/** "4.5. Copyright", alone, after a list mark, or with the number of its page behind it. */
function isEntry(element: ExtractedElement): boolean {
  if (element.kind !== 'heading' && element.kind !== 'list-item') return false
  const text = element.text.replace(/^\s*[*•+-]\s+/, '')
  return (
    text.length <= 120 &&
    !text.includes('\n') &&
    (sectionDepth(text) !== null || /^\s*\d+\.\s/.test(text) || /(?:\.\s?){4,}\d+$/.test(text)) &&
    !/[.;:]$/.test(text)
  )
}

/** Headings that each go one level deeper are a chapter, its section and its subsection with no text between them. */
function isProperOutline(run: readonly ExtractedElement[]): boolean {
  return run.every(
    (entry, index) => entry.kind === 'heading' && (index === 0 || (entry.level ?? 1) > (run[index - 1]!.level ?? 1)),
  )
}
