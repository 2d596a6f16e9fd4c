import { expect, test } from 'vitest'
import { pageAtOffset, pageMarks } from './page-marks.ts'

const BLOCKS = [
  { startOffset: 0, endOffset: 10, page: 1 },
  {
    startOffset: 12,
    endOffset: 50,
    page: 1,
    pageBreaks: [
      { page: 2, startOffset: 20 },
      { page: 3, startOffset: 40 },
    ],
  },
  { startOffset: 52, endOffset: 60, page: 4 },
]

test('marks say where each page begins in a span, from the page it starts on', () => {
  const spans = [
    { startOffset: 0, endOffset: 10 },
    { startOffset: 12, endOffset: 30 },
    { startOffset: 30, endOffset: 45 },
    { startOffset: 45, endOffset: 60 },
  ]
  expect(pageMarks(BLOCKS, spans)).toEqual([
    [{ page: 1, startOffset: 0 }],
    [
      { page: 1, startOffset: 12 },
      { page: 2, startOffset: 20 },
    ],
    [
      { page: 2, startOffset: 30 },
      { page: 3, startOffset: 40 },
    ],
    [
      { page: 3, startOffset: 45 },
      { page: 4, startOffset: 52 },
    ],
  ])
})

test('the page of an offset is that of the last mark before it', () => {
  const marks = [
    { page: 2, startOffset: 30 },
    { page: 3, startOffset: 40 },
  ]
  expect([30, 39, 40, 44].map((offset) => pageAtOffset(marks, offset))).toEqual([2, 2, 3, 3])
})

test('a text without pages has no marks and no page', () => {
  const [marks] = pageMarks([{ startOffset: 0, endOffset: 9 }], [{ startOffset: 0, endOffset: 9 }])
  expect(marks).toEqual([])
  expect(pageAtOffset(marks!, 3)).toBeNull()
})
