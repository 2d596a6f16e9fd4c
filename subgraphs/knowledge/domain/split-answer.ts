/**
 * Cuts a model's streamed text into sentences as it arrives and takes its source markers (`[1]`, `[2, 3]`, `【1】`) as
 * hints. The text itself is not changed: spans are offsets into exactly what was streamed, markers included.
 *
 * A sentence is given out only when the next one has begun or the stream has ended, so that a marker after the full
 * stop, a decimal point or an abbreviation split over two deltas cannot mislead it.
 */
import { splitSentences } from './split-sentences.ts'
import type { TextSpan } from './text-span.ts'

export type AnswerSentence = {
  /** Into the whole streamed text, without the markers that follow the sentence. */
  span: TextSpan
  /** The sentence with markers and emphasis taken out. */
  text: string
  /** Source numbers written in or directly after it, from 1, each once. */
  markers: number[]
}

const markerPattern = /\s*[[【]\s*(?:source\s*)?\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\s*[\]】]/giu
/** Characters of text kept back because a marker may be incomplete. */
const longestMarker = 24

export function createAnswerSplitter() {
  let text = ''
  let consumed = 0

  function take(isEnd: boolean): AnswerSentence[] {
    const sentences: AnswerSentence[] = []
    const ready = isEnd ? text.length : text.length - unfinishedTail(text)
    if (ready <= consumed) return sentences
    // Markers become blanks of the same length: offsets stay, and ".[1] Next" is segmented like ". Next".
    const blank = text.slice(0, ready).replace(markerPattern, (marker) => ' '.repeat(marker.length))
    const spans = splitSentences(blank, consumed, ready)
    const complete = isEnd ? spans : spans.slice(0, -1)
    for (const [index, span] of complete.entries()) {
      const nextStart = spans[index + 1]?.startOffset ?? ready
      const raw = text.slice(span.startOffset, nextStart)
      const cleaned = plainText(text.slice(span.startOffset, span.endOffset))
      if (cleaned !== '') sentences.push({ span, text: cleaned, markers: markersIn(raw) })
      consumed = nextStart
    }
    if (isEnd) consumed = text.length
    return sentences
  }

  return {
    /** @returns the sentences that this delta completed */
    push(delta: string): AnswerSentence[] {
      text += delta
      return take(false)
    },
    /** @returns what is left; nothing may be pushed afterwards */
    end(): AnswerSentence[] {
      return take(true)
    },
  }
}

/** Length of a possible beginning of a marker at the end of the text. */
function unfinishedTail(text: string): number {
  const match = /\s*[[【][^\]】]*$/u.exec(text.slice(-longestMarker))
  return match === null ? 0 : match[0].length
}

function markersIn(raw: string): number[] {
  const markers = new Set<number>()
  for (const match of raw.matchAll(markerPattern)) {
    const numbers = match[0].match(/\d+/gu) ?? []
    const [first, last] = numbers.map(Number)
    const isRange = /\d\s*[–-]\s*\d/u.test(match[0]) && numbers.length === 2
    if (isRange && first !== undefined && last !== undefined && last >= first && last - first < 20) {
      for (let number = first; number <= last; number += 1) markers.add(number)
    } else for (const number of numbers) markers.add(Number(number))
  }
  return [...markers]
}

function plainText(raw: string): string {
  return raw
    .replace(markerPattern, '')
    .replace(/\*\*|__|`/gu, '')
    .replace(/^\s*(?:[-*+•]|\d{1,2}[.)])\s+/u, '')
    .replace(/\s+/gu, ' ')
    .trim()
}
