import { expect, test } from 'vitest'
import { decodeText } from './decode-text.ts'

const plain = { charset: null, isHtml: false }
const utf16 = (text: string, mark: number[], isBigEndian = false) => {
  const bytes = Buffer.from(text, 'utf16le')
  return Buffer.concat([Buffer.from(mark), isBigEndian ? bytes.swap16() : bytes])
}

test('byte order marks say the encoding and leave no trace', () => {
  expect(decodeText(Buffer.from('\uFEFFGrüße', 'utf8'), plain)).toBe('Grüße')
  expect(decodeText(utf16('Grüße', [0xff, 0xfe]), plain)).toBe('Grüße')
  expect(decodeText(utf16('Grüße', [0xfe, 0xff], true), plain)).toBe('Grüße')
})

test('a declared charset is used, also the one HTML declares itself', () => {
  const latin = Buffer.from('Grüße', 'latin1')
  expect(decodeText(latin, { ...plain, charset: 'iso-8859-1' })).toBe('Grüße')
  const page = Buffer.from('<meta charset="windows-1252"><p>Grüße', 'latin1')
  expect(decodeText(page, { charset: null, isHtml: true })).toContain('Grüße')
})

test('bytes that are not UTF-8 are refused with their place and what they look like', () => {
  const bytes = Buffer.from(
    'Die Flüsse führen Wasser aus Gebirgen über Täler in größere Ströme und schließlich ins Meer.',
    'latin1',
  )
  expect(() => decodeText(bytes, plain)).toThrow(
    expect.objectContaining({
      code: 'ENCODING_INVALID',
      message: expect.stringMatching(/byte 6.*ISO-8859-1|byte 6.*windows-1252/),
    }),
  )
})

test('a NUL is refused with its line', () => {
  expect(() => decodeText(Buffer.from('one\ntw\0o'), plain)).toThrow(
    expect.objectContaining({ code: 'ENCODING_INVALID', message: expect.stringContaining('line 2') }),
  )
})

test('an unknown charset is refused by name', () => {
  expect(() => decodeText(Buffer.from('a'), { ...plain, charset: 'klingon' })).toThrow(/klingon/)
})
