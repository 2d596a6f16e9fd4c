import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ElementKind, ExtractedDocument, ExtractedElement } from '../element.ts'
import { cleanDocument } from './clean-document.ts'

const document = (elements: ExtractedElement[], changes: Partial<ExtractedDocument> = {}): ExtractedDocument => ({
  version: 1,
  mediaType: 'application/pdf',
  title: null,
  lineEnds: 'typeset',
  pageCount: null,
  pagesWithoutText: [],
  elements,
  ...changes,
})
const paragraph = (text: string): ExtractedElement => ({ kind: 'paragraph', text })
const textOf = (elements: ExtractedElement[], changes?: Partial<ExtractedDocument>) =>
  cleanDocument(document(elements, changes)).text

test('blocks are ordered, apart, trimmed, and cover all of the text but white space', () => {
  const kind = fc.constantFrom<ElementKind>('heading', 'paragraph', 'list-item', 'table', 'code')
  const element = fc.record({
    kind,
    text: fc.string({ unit: 'binary', maxLength: 60 }).map((text) => `${text}x`),
    level: fc.integer({ min: 0, max: 9 }),
  })
  fc.assert(
    fc.property(
      fc.array(element, { minLength: 1, maxLength: 12 }),
      fc.constantFrom('typeset', 'wrapped', 'markup'),
      (elements, lineEnds) => {
        const { text, blocks } = cleanDocument(document(elements, { lineEnds }))
        let end = 0
        for (const block of blocks) {
          expect(text.slice(end, block.startOffset).trim()).toBe('')
          const inside = text.slice(block.startOffset, block.endOffset)
          expect(inside).toBe(inside.trim())
          expect(inside).not.toBe('')
          expect(block.level === undefined).toBe(block.kind !== 'heading')
          end = block.endOffset
        }
        expect(end).toBe(text.length)
        expect(text.isWellFormed()).toBe(true)
        expect(text).not.toMatch(/[\0\uFB00-\uFB06\u00A0\u00AD]/)
        expect(text.normalize('NFC')).toBe(text)
      },
    ),
  )
})

test('hyphens of the typesetter go, those of the word stay', () => {
  expect(textOf([paragraph('the water that a river car-\nries away')])).toBe('the water that a river carries away')
  expect(textOf([paragraph('a well-known fact, as well-\nknown as'), paragraph('it was well-\nknown')])).toContain(
    'as well-known as',
  )
  expect(textOf([paragraph('a Debian-\nBased system')])).toBe('a Debian-Based system')
  expect(textOf([paragraph('pre- and post-\nor mid-installation')])).toBe('pre- and post- or mid-installation')
  expect(textOf([paragraph('of an arch-\nspecific kind')], { lineEnds: 'wrapped' })).toBe('of an arch-specific kind')
})

test('a long paragraph costs time in proportion', () => {
  const lines = Array.from(
    { length: 100_000 },
    (_, index) => `line ${index} of a paragraph that never seems to end`,
  ).join('\n')
  const started = performance.now()
  expect(textOf([paragraph(lines), { kind: 'code', text: lines }], { lineEnds: 'wrapped' })).toContain('line 99999')
  expect(performance.now() - started).toBeLessThan(5000)
})

test('characters have one spelling', () => {
  expect(textOf([paragraph('e\u0301\uFB03cient\u00A0so\u00ADft\u200B\u0007  end')])).toBe('éfficient soft end')
})

test('lines of code and tables stay, paragraphs of markup keep the breaks their author asked for', () => {
  expect(textOf([{ kind: 'code', text: '\n    a {\n      b\n    }\n' }])).toBe('a {\n  b\n}')
  expect(textOf([{ kind: 'table', text: 'Scope . . . . . . 3\nEnd\t 4' }])).toBe('Scope\t3\nEnd\t4')
  expect(textOf([paragraph('one\ntwo')], { lineEnds: 'markup' })).toBe('one\ntwo')
})

test('a document without a word is refused', () => {
  expect(() => textOf([paragraph(' \u200B ')])).toThrow(expect.objectContaining({ code: 'DOCUMENT_WITHOUT_TEXT' }))
})

test('the same elements give the same bytes', () => {
  const elements = [paragraph('one two'), paragraph('three')]
  expect(JSON.stringify(cleanDocument(document(elements)))).toBe(JSON.stringify(cleanDocument(document(elements))))
})
