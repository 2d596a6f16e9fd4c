import { expect, test } from 'vitest'
import { decideMediaType, parseDeclaredMediaType, type MediaTypeEvidence } from './media-type.ts'

const decide = (evidence: Partial<MediaTypeEvidence>) =>
  decideMediaType({ declared: null, fileName: 'file', typeOfExtension: null, content: { kind: 'text' }, ...evidence })

test('the declared type counts, then the name, then the bytes', () => {
  expect(decide({ declared: 'text/markdown', fileName: 'a.txt' })).toBe('text/markdown')
  expect(decide({ fileName: 'a.md' })).toBe('text/markdown')
  expect(decide({ fileName: 'README' })).toBe('text/plain')
  expect(decide({ fileName: 'page', content: { kind: 'html' } })).toBe('text/html')
  expect(decide({ fileName: 'report', declared: 'application/octet-stream', content: { kind: 'pdf' } })).toBe(
    'application/pdf',
  )
  expect(decide({ declared: 'text/plain', fileName: 'notes.md' })).toBe('text/markdown')
})

test('bytes that are not what was said are refused, with both names in the message', () => {
  const cases: [Partial<MediaTypeEvidence>, RegExp][] = [
    [{ declared: 'application/pdf' }, /declared as application\/pdf.*no PDF/],
    [{ fileName: 'a.pdf' }, /named "a.pdf".*no PDF/],
    [{ fileName: 'a.txt', content: { kind: 'pdf' } }, /are a PDF/],
    [{ declared: 'text/plain', content: { kind: 'html' } }, /are HTML/],
    [{ declared: 'text/html' }, /without a single tag/],
    [{ fileName: 'a.txt', content: { kind: 'binary', format: 'PNG (image/png)' } }, /PNG/],
  ]
  for (const [evidence, message] of cases) {
    expect(() => decide(evidence)).toThrow(
      expect.objectContaining({ code: 'MEDIA_TYPE_MISMATCH', message: expect.stringMatching(message) }),
    )
  }
})

test('a type that is not supported is refused with the list of those that are', () => {
  const cases: Partial<MediaTypeEvidence>[] = [
    { declared: 'image/png' },
    {
      fileName: 'a.zip',
      typeOfExtension: 'application/zip',
      content: { kind: 'binary', format: 'ZIP (application/zip)' },
    },
    { fileName: 'a.csv', typeOfExtension: 'text/csv' },
  ]
  for (const evidence of cases) {
    expect(() => decide(evidence)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_MEDIA_TYPE', message: expect.stringContaining('PDF (.pdf)') }),
    )
  }
})

test('a declaration is read with its charset, under all its names', () => {
  expect(parseDeclaredMediaType('Text/Plain; Charset="ISO-8859-1"')).toEqual({
    kind: 'supported',
    mediaType: 'text/plain',
    charset: 'ISO-8859-1',
  })
  expect(parseDeclaredMediaType('text/x-markdown')).toMatchObject({ mediaType: 'text/markdown', charset: null })
  expect(parseDeclaredMediaType(null)).toEqual({ kind: 'unspecific' })
  expect(parseDeclaredMediaType('video/mp4')).toEqual({ kind: 'unsupported', mediaType: 'video/mp4' })
})
