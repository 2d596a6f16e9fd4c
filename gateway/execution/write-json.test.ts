import { expect, test, vi } from 'vitest'
import { noteRepetitive, writeJson } from './write-json.ts'

const repeated = { name: 'ü"\n\u2028', list: [1.5, -0, 1e21, true, null, [], {}, 'x'] }
const DATA = {
  first: repeated,
  lists: [[repeated, { ...repeated }, repeated], []],
  'a "name"': { 2: 'two', 1: 'one', ['__proto__']: repeated },
  nothing: null,
}

test('data that repeats objects is written as JSON.stringify writes it', () => {
  const data = structuredClone(DATA)
  expect(data.lists[0]![0]).toBe(data.first)
  const expected = JSON.stringify(data)
  noteRepetitive(data)
  const stringify = vi.spyOn(JSON, 'stringify')
  expect(writeJson(data)).toBe(expected)
  // Once in the object that is repeated, and once in the one that is equal to it.
  expect(stringify.mock.calls.filter(([value]) => value === repeated.name)).toHaveLength(2)
  stringify.mockRestore()
})

test('all other data is left to it', () => {
  const stringify = vi.spyOn(JSON, 'stringify')
  expect(writeJson({ a: repeated })).toBe(`{"a":${JSON.stringify(repeated)}}`)
  expect(stringify.mock.calls[0]).toEqual([{ a: repeated }])
  stringify.mockRestore()
})
