// A paragraph that runs over a page break comes out of EXTRACT in two elements, with the notes of the first page between them. They are
// put together again, so that no sentence is cut in half.

import type { ExtractedElement } from '../element.ts'
import { PAGE_MARK } from './join-lines.ts'

/** An element that may go on over the pages up to `lastPage`; in its text each of them begins with a mark. */
export interface JoinedElement extends ExtractedElement {
  lastPage?: number
}

export function joinPages(elements: readonly ExtractedElement[]): JoinedElement[] {
  const joined: JoinedElement[] = []
  for (const element of elements) {
    const previous = elementBeforeNotes(joined, element)
    if (previous !== -1 && continues(joined[previous]!, element)) {
      const before = joined[previous]!
      joined[previous] = {
        ...before,
        text: `${before.text}\n${PAGE_MARK}${element.text}`,
        lastPage: element.page!,
      }
    } else joined.push(element)
  }
  return joined
}

/** The last element in body size on the page before; smaller ones behind it are notes. */
function elementBeforeNotes(joined: readonly JoinedElement[], element: ExtractedElement): number {
  const size = element.fontSize
  if (element.page === undefined || size === undefined || element.kind !== 'paragraph') return -1
  for (let index = joined.length - 1; index >= 0; index -= 1) {
    const candidate = joined[index]!
    if ((candidate.lastPage ?? candidate.page) !== element.page - 1 || candidate.fontSize === undefined) return -1
    if (Math.abs(candidate.fontSize - size) <= 0.06 * size) return index
    if (candidate.fontSize > size) return -1
  }
  return -1
}

function continues(before: ExtractedElement, after: ExtractedElement): boolean {
  if (before.kind !== 'paragraph' && before.kind !== 'list-item') return false
  if (!isAligned(before, after)) return false
  const isOpen = !/[.!?:;]["”’)\]⁰¹²³⁴⁵⁶⁷⁸⁹]*$/.test(before.text)
  return isOpen && (/^[\p{Ll}(\d]/u.test(after.text) || /[-,‐]$/.test(before.text))
}

/** What goes on with a list item hangs behind its mark; what goes on with a paragraph starts at its margin. */
function isAligned(before: ExtractedElement, after: ExtractedElement): boolean {
  if (!before.box || !after.box) return true
  const shift = after.box.left - before.box.left
  const em = before.fontSize ?? 10
  return before.kind === 'list-item' ? shift > em / 3 : Math.abs(shift) < 3 * em
}
