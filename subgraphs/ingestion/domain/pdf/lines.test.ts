import { expect, test } from 'vitest'
import { linesOfPage, type TextPiece } from './lines.ts'

const piece = (text: string, left: number, baseline: number, changes: Partial<TextPiece> = {}): TextPiece => ({
  text,
  left,
  baseline,
  width: text.length * 5,
  fontSize: 10,
  font: 'body',
  isRightToLeft: false,
  ...changes,
})
const texts = (pieces: TextPiece[]) => linesOfPage(pieces).map((line) => line.text)

test('pieces of a line come together, with spaces where there are gaps', () => {
  expect(
    texts([piece('Rivers', 72, 100), piece('flow', 105, 100), piece('ing', 125, 100), piece('down', 72, 112)]),
  ).toEqual(['Rivers flowing', 'down'])
})

test('the number of a note keeps its raised digits', () => {
  expect(texts([piece('depends.', 72, 100), piece('3', 112, 96, { fontSize: 7, width: 3.5 })])).toEqual(['depends.³'])
})

test('a wide gap separates cells', () => {
  expect(texts([piece('Name', 72, 100), piece('Size', 200, 100)])).toEqual(['Name\tSize'])
})

test('columns drawn one after the other stay in that order', () => {
  const column = (name: string, left: number) =>
    Array.from({ length: 15 }, (_, row) => piece(`${name} ${row}`, left, 100 + row * 12))
  expect(texts([...column('left', 72), ...column('right', 330)])).toEqual([
    ...Array.from({ length: 15 }, (_, row) => `left ${row}`),
    ...Array.from({ length: 15 }, (_, row) => `right ${row}`),
  ])
})

test('text from right to left reads from the right', () => {
  const rtl = { isRightToLeft: true }
  expect(texts([piece('שלום', 300, 100, rtl), piece('עולם', 275, 100, rtl)])).toEqual(['שלום עולם'])
})
