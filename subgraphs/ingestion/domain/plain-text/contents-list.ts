// A table of contents reads like a run of numbered headings without text between them, whose titles all come again further down. It
// becomes one table, so that a list of titles does not pass for the sections themselves.

import type { ExtractedElement } from '../element.ts'
import { sectionDepth } from './classify.ts'

/** A run without repetitions must be long to be a list of contents: chapters may have sections without text above them. */
const MINIMUM_ENTRIES = 5
const MINIMUM_REPEATED_ENTRIES = 2
const MAXIMUM_CHARACTERS = 160

export function markContentsLists(elements: readonly ExtractedElement[]): ExtractedElement[] {
  const lastPlaces = new Map<string, number>()
  elements.forEach((element, index) => {
    if (isEntry(element)) lastPlaces.set(titleKey(element), index)
  })
  const marked: ExtractedElement[] = []
  let index = 0
  while (index < elements.length) {
    const run = runFrom(elements, index)
    const end = index + run.length
    const repeated = run.filter((entry) => lastPlaces.get(titleKey(entry))! >= end).length
    if (isContents(run, repeated)) {
      const { level: _, ...first } = run[0]!
      marked.push({ ...first, kind: 'table', text: run.map((entry) => entry.text.replaceAll('\n', ' ')).join('\n') })
      index += run.length
    } else {
      for (const element of elements.slice(index, index + Math.max(1, run.length))) marked.push(element)
      index += Math.max(1, run.length)
    }
  }
  return marked
}

/** Entries that follow each other from `start`; a title that was in the run already is its section, which begins there. */
function runFrom(elements: readonly ExtractedElement[], start: number): ExtractedElement[] {
  const run: ExtractedElement[] = []
  const titles = new Set<string>()
  for (let index = start; index < elements.length; index += 1) {
    const element = elements[index]!
    const key = titleKey(element)
    if (!isEntry(element) || element.page !== elements[start]!.page || titles.has(key)) break
    titles.add(key)
    run.push(element)
  }
  return run
}

function isContents(run: readonly ExtractedElement[], repeatedCount: number): boolean {
  if (repeatedCount >= MINIMUM_REPEATED_ENTRIES && repeatedCount >= run.length / 2) return true
  return run.length >= MINIMUM_ENTRIES && !isProperOutline(run)
}

/** "4.5. Copyright", alone, after a list mark, or with the number of its page behind it. */
function isEntry(element: ExtractedElement): boolean {
  if (element.kind !== 'heading' && element.kind !== 'list-item') return false
  const text = element.text.replace(/^\s*[*•+-]\s+/, '')
  const hasNumber = sectionDepth(text) !== null || /^\s*\d+\.\s/.test(text) || /(?:\.\s?){4,}\d+$/.test(text)
  return text.length <= MAXIMUM_CHARACTERS && hasNumber && !/[.;:]$/.test(text)
}

function titleKey(element: ExtractedElement): string {
  return element.text
    .replace(/(?:\.\s?){4,}\d+$/, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '')
}

/** Headings that each go one level deeper are a chapter, its section and its subsection with no text between them. */
function isProperOutline(run: readonly ExtractedElement[]): boolean {
  return run.every(
    (entry, index) => entry.kind === 'heading' && (index === 0 || (entry.level ?? 1) > (run[index - 1]!.level ?? 1)),
  )
}
