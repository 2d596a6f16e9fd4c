import { expect, test } from 'vitest'
import { warningsOf } from './warnings.ts'

test('a document without pages, or with text on all of them, is nothing to warn of', () => {
  expect(warningsOf({ pageCount: null, pagesWithoutText: null })).toEqual([])
  expect(warningsOf({ pageCount: null, pagesWithoutText: [] })).toEqual([])
  expect(warningsOf({ pageCount: 3, pagesWithoutText: [] })).toEqual([])
})

test('pages without text are named, as many as one likes to read', () => {
  const [warning] = warningsOf({ pageCount: 10, pagesWithoutText: [2, 5, 7] })
  expect(warning).toEqual({
    code: 'PAGES_WITHOUT_TEXT',
    message: expect.stringMatching(/^3 of 10 pages have no text \(scanned\?\): 2, 5, 7\. /),
    pages: [2, 5, 7],
  })
  const many = Array.from({ length: 150 }, (_, index) => index + 2)
  const [long] = warningsOf({ pageCount: 200, pagesWithoutText: many })
  expect(long!.message).toContain(
    '150 of 200 pages have no text (scanned?): 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, and 140 more. ',
  )
  expect(long!.pages).toEqual(many.slice(0, 100))
  expect(warningsOf({ pageCount: 2, pagesWithoutText: [2] })[0]!.message).toMatch(/^1 of 2 pages has no text/)
})
