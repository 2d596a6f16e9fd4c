import { expect, test } from 'vitest'
import { spanAt } from './locate.ts'

test('the span that holds an offset is found, gaps hold none, and of overlapping spans the later counts', () => {
  const spans = [
    { startOffset: 0, endOffset: 10 },
    { startOffset: 8, endOffset: 20 },
    { startOffset: 25, endOffset: 30 },
  ]
  expect([0, 7, 8, 19, 20, 24, 25, 29, 30].map((offset) => spans.indexOf(spanAt(spans, offset)!))).toEqual([
    0, 0, 1, 1, -1, -1, 2, 2, -1,
  ])
  expect(spanAt([], 0)).toBeUndefined()
})
