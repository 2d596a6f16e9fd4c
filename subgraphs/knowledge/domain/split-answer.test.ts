import seedrandom from 'seedrandom'
import { describe, expect, test } from 'vitest'
import { createAnswerSplitter } from './split-answer.ts'
import type { AnswerSentence } from './split-answer.ts'

function stream(deltas: readonly string[]): AnswerSentence[] {
  const splitter = createAnswerSplitter()
  return [...deltas.flatMap((delta) => splitter.push(delta)), ...splitter.end()]
}

describe('createAnswerSplitter', () => {
  const text = 'The limit is 1.5 GB [1]. It is kept in foo.txt, e.g. at boot.[2] [3] Nothing else applies [1, 4].'

  test('takes markers within, before and after the full stop as hints', () => {
    const sentences = stream([text])
    expect(sentences.map((sentence) => sentence.text)).toEqual([
      'The limit is 1.5 GB.',
      'It is kept in foo.txt, e.g. at boot.',
      'Nothing else applies.',
    ])
    expect(sentences.map((sentence) => sentence.markers)).toEqual([[1], [2, 3], [1, 4]])
  })

  test('spans are offsets into what was streamed', () => {
    expect(stream([text]).map((sentence) => text.slice(sentence.span.startOffset, sentence.span.endOffset))).toEqual([
      'The limit is 1.5 GB [1].',
      'It is kept in foo.txt, e.g. at boot.',
      'Nothing else applies [1, 4].',
    ])
  })

  test('gives the same sentences however the stream is cut', () => {
    const whole = stream([text])
    for (let seed = 0; seed < 200; seed += 1) {
      const random = seedrandom(String(seed))
      const deltas: string[] = []
      for (let start = 0; start < text.length;) {
        const end = start + 1 + Math.floor(random() * 7)
        deltas.push(text.slice(start, end))
        start = end
      }
      expect(stream(deltas)).toEqual(whole)
    }
  })

  test('gives a sentence out as soon as the next one has begun', () => {
    const splitter = createAnswerSplitter()
    expect(splitter.push('It is 5')).toEqual([])
    expect(splitter.push('. [1')).toEqual([])
    expect(splitter.push('] Next ').map((sentence) => [sentence.text, sentence.markers])).toEqual([['It is 5.', [1]]])
    expect(splitter.end().map((sentence) => sentence.text)).toEqual(['Next'])
  })

  test('reads ranges, full-width brackets and list items', () => {
    expect(
      stream(['1. Use apt [1-3].\n2. Use dpkg【4】.']).map((sentence) => [sentence.text, sentence.markers]),
    ).toEqual([
      ['Use apt.', [1, 2, 3]],
      ['Use dpkg.', [4]],
    ])
  })

  test('an array index is no marker of a sentence that has none', () => {
    expect(stream(['Read argv[] and stop.'])[0]?.markers).toEqual([])
  })

  test('an empty answer has no sentences', () => {
    expect(stream([])).toEqual([])
    expect(stream(['  \n'])).toEqual([])
  })
})
