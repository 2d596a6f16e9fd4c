// Running headers, running footers and page numbers: what is printed at the same height of page after page. Height alone proves nothing
// (the first line of the text is always at one height too), so the words in that strip must also repeat or count with the pages.

import type { ExtractedElement } from '../element.ts'

/** How many of a page's outermost elements may be furniture, at the top and at the bottom. */
const CANDIDATES_PER_EDGE = 2
const STRIP_TOLERANCE_POINTS = 3
const MINIMUM_PAGES = 3
/** Share of the strip's pages whose words must repeat (or count) before the whole strip is furniture. */
const REPEATED_SHARE = 0.5
const MAXIMUM_CHARACTERS = 200
/** Forms and labels repeat their words on every page: when this much would go, it is the text itself. */
const MAXIMUM_REMOVED_SHARE = 0.6

interface Candidate {
  element: ExtractedElement
  edge: 'top' | 'bottom'
  top: number
  page: number
}

export function removePageFurniture(elements: readonly ExtractedElement[]): ExtractedElement[] {
  const candidates = candidatesOf(elements)
  const partPages = pagesOfParts(candidates)
  const removed = new Set<ExtractedElement>()
  for (const strip of stripsOf(candidates)) {
    const pages = new Set(strip.map((candidate) => candidate.page))
    if (pages.size < MINIMUM_PAGES) continue
    const offsets = pageNumberOffsets(strip)
    const known = strip.filter(
      (candidate) =>
        partsOf(candidate.element.text).some(
          (part) => (partPages.get(partKey(candidate.edge, part))?.size ?? 0) >= 2,
        ) || offsets.has(candidate),
    )
    if (known.length >= strip.length * REPEATED_SHARE) for (const candidate of strip) removed.add(candidate.element)
  }
  const isMostOfIt = lengthOf(removed) > lengthOf(elements) * MAXIMUM_REMOVED_SHARE
  return isMostOfIt ? [...elements] : elements.filter((element) => !removed.has(element))
}

function lengthOf(elements: Iterable<ExtractedElement>): number {
  let length = 0
  for (const element of elements) length += element.text.length
  return length
}

function candidatesOf(elements: readonly ExtractedElement[]): Candidate[] {
  const byPage = new Map<number, ExtractedElement[]>()
  for (const element of elements) {
    if (element.page === undefined || !element.box) continue
    const onPage = byPage.get(element.page) ?? []
    onPage.push(element)
    byPage.set(element.page, onPage)
  }
  const candidates: Candidate[] = []
  for (const [page, onPage] of byPage) {
    const sorted = onPage.toSorted((one, other) => one.box!.top - other.box!.top)
    const add = (element: ExtractedElement, edge: Candidate['edge']) => {
      if (element.text.length <= MAXIMUM_CHARACTERS && element.text.split('\n').length <= 2)
        candidates.push({ element, edge, top: element.box!.top, page })
    }
    for (const element of sorted.slice(0, CANDIDATES_PER_EDGE)) add(element, 'top')
    for (const element of sorted.slice(Math.max(CANDIDATES_PER_EDGE, sorted.length - CANDIDATES_PER_EDGE)))
      add(element, 'bottom')
    // A page with little on it: its only elements may stand at the foot.
    if (sorted.length <= CANDIDATES_PER_EDGE) for (const element of sorted) add(element, 'bottom')
  }
  return candidates
}

/** Left and right part of a header repeat on their own (chapter here, section there); digits differ from page to page. */
function partsOf(text: string): string[] {
  return text
    .split(/[\t\n]/)
    .map((part) => part.trim().toLowerCase().replace(/\d+/g, '#'))
    .filter((part) => /\p{L}/u.test(part))
}

const partKey = (edge: string, part: string): string => `${edge} ${part}`

function pagesOfParts(candidates: readonly Candidate[]): Map<string, Set<number>> {
  const pages = new Map<string, Set<number>>()
  for (const { element, edge, page } of candidates) {
    for (const part of partsOf(element.text)) {
      const key = partKey(edge, part)
      pages.set(key, (pages.get(key) ?? new Set()).add(page))
    }
  }
  return pages
}

function stripsOf(candidates: readonly Candidate[]): Candidate[][] {
  const strips: Candidate[][] = []
  for (const edge of ['top', 'bottom'] as const) {
    const sorted = candidates
      .filter((candidate) => candidate.edge === edge)
      .toSorted((one, other) => one.top - other.top)
    let strip: Candidate[] = []
    for (const candidate of sorted) {
      if (strip.length > 0 && candidate.top - strip[0]!.top > STRIP_TOLERANCE_POINTS) {
        strips.push(strip)
        strip = []
      }
      strip.push(candidate)
    }
    if (strip.length > 0) strips.push(strip)
  }
  return strips
}

/** Candidates whose number grows with the page: printed page numbers, Arabic or Roman, at whatever offset. */
function pageNumberOffsets(strip: readonly Candidate[]): Set<Candidate> {
  const byOffset = new Map<number, Candidate[]>()
  for (const candidate of strip) {
    for (const word of candidate.element.text.split(/[\s\t|—–-]+/)) {
      const value = /^\d{1,5}$/.test(word) ? Number(word) : romanValue(word)
      if (value === null) continue
      const offset = value - candidate.page
      const group = byOffset.get(offset) ?? []
      group.push(candidate)
      byOffset.set(offset, group)
    }
  }
  const counted = new Set<Candidate>()
  for (const group of byOffset.values()) {
    if (new Set(group.map((candidate) => candidate.page)).size >= MINIMUM_PAGES)
      for (const candidate of group) counted.add(candidate)
  }
  return counted
}

function romanValue(word: string): number | null {
  if (!/^[ivxlc]{1,7}$/i.test(word)) return null
  const values = { i: 1, v: 5, x: 10, l: 50, c: 100 } as const
  const digits = Array.from(word.toLowerCase(), (letter) => values[letter as keyof typeof values])
  return digits.reduce<number>((sum, digit, index) => sum + (digit < (digits[index + 1] ?? 0) ? -digit : digit), 0)
}
