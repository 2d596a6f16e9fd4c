import { expect, test } from 'vitest'
import type { ExtractedElement } from '../element.ts'
import { removePageFurniture } from './page-furniture.ts'

const at = (page: number, top: number, text: string): ExtractedElement => ({
  kind: 'paragraph',
  text,
  page,
  box: { left: 72, top, right: 500, bottom: top + 10 },
  fontSize: 10,
})
const left = (elements: ExtractedElement[]) => removePageFurniture(elements).map((element) => element.text)

test('headers that change with the chapter, and page numbers, are left out', () => {
  const pages = Array.from({ length: 6 }, (_, index) => [
    at(
      index + 1,
      40,
      `Chapter ${Math.floor(index / 3) + 1}. ${index < 3 ? 'Sources' : 'Mouths'}\t${index + 1}.2. Section`,
    ),
    at(
      index + 1,
      80,
      `The text of the page, which is longer than what stands above and below it, as text is: ${['one', 'two', 'three', 'four', 'five', 'six'][index]!}.`,
    ),
    at(index + 1, 120, `Its end, ${['uno', 'due', 'tre', 'quattro', 'cinque', 'sei'][index]!}.`),
    at(index + 1, 750, `${index + 5}`),
  ])
  expect(left(pages.flat())).toEqual(pages.flatMap((page) => [page[1]!.text, page[2]!.text]))
})

test('first lines of text stand at one height too, and stay', () => {
  const pages = ['Rivers flow.', 'Lakes lie.', 'Seas are salty.', 'Rain falls.'].map((text, index) => [
    at(index + 1, 80, text),
    at(index + 1, 100, `${text} Really.`),
  ])
  expect(removePageFurniture(pages.flat())).toHaveLength(8)
})

test('roman page numbers count too', () => {
  const pages = ['iii', 'iv', 'v', 'vi'].map((numeral, index) => [
    at(index + 1, 80, `Preface, part ${'abcd'[index]!} of it.`),
    at(index + 1, 750, numeral),
  ])
  expect(left(pages.flat()).every((text) => text.startsWith('Preface'))).toBe(true)
})

test('two pages prove nothing', () => {
  expect(removePageFurniture([at(1, 40, 'Header'), at(1, 80, 'a'), at(2, 40, 'Header'), at(2, 80, 'b')])).toHaveLength(
    4,
  )
})
