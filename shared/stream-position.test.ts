import { expect, test } from 'vitest'
import { cursorIn, formatPosition, streamOf } from './stream-position.ts'

test('a position is of one stream', () => {
  const position = formatPosition('ans_1', 's5')
  expect(cursorIn('ans_1', position)).toBe('s5')
  expect(streamOf(position)).toBe('ans_1')
  expect(() => cursorIn('ans_2', position)).toThrow(expect.objectContaining({ code: 'CURSOR_INVALID' }))
})

test('one of an earlier version names no stream, and stands for the stream that it is taken to', () => {
  expect(cursorIn('ans_1', 's5')).toBe('s5')
  expect(cursorIn('ans_1', null)).toBeNull()
  expect(() => streamOf('s5')).toThrow(expect.objectContaining({ code: 'CURSOR_INVALID' }))
})
