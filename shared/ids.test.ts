import { expect, test } from 'vitest'
import { createId, deterministicId, hasPrefix, idPrefix } from './ids.ts'

test('new ids are distinct, sorted by time and tell their type', () => {
  const ids = Array.from({ length: 50 }, () => createId('kb'))
  expect(new Set(ids).size).toBe(50)
  expect(ids.every((id) => idPrefix(id) === 'kb')).toBe(true)
})

test('a deterministic id depends on every part of its name and on nothing else', () => {
  expect(deterministicId('chunk', 'doc_1', '3')).toBe(deterministicId('chunk', 'doc_1', '3'))
  const others = [
    deterministicId('chunk', 'doc_1', '4'),
    deterministicId('chunk', 'doc_1', '', '3'),
    deterministicId('ent', 'doc_1', '3'),
  ]
  expect(new Set([deterministicId('chunk', 'doc_1', '3'), ...others]).size).toBe(4)
  expect(hasPrefix(deterministicId('chunk', 'doc_1', '3'), 'chunk')).toBe(true)
})

test('what is no id has no prefix', () => {
  for (const id of ['', 'kb', 'kb_', 'kb_123', "kb_'; drop table", 'KB_01h455vb4pex5vsknk084sn02q', '🤖'])
    expect(idPrefix(id)).toBeNull()
})
