// What counts as a GraphQL answer, and that nothing else gets through.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readAnswer } from './read-answer.ts'

const read = (body: unknown, status = 200) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return readAnswer({ status, headers: {}, text, sizeBytes: Buffer.byteLength(text) }, 'a')
}

test.each([200, 400, 401, 422, 500, 503])('a GraphQL body counts under status %d', (status) => {
  const body = {
    data: null,
    errors: [{ message: 'No.', path: ['a', 0], extensions: { code: 'X' } }],
  }
  expect(read(body, status)).toEqual(body)
})

test.each([
  ['', 'text'],
  ['<html>', 'a page'],
  ['null', 'null'],
  ['[]', 'a list'],
  ['"x"', 'a string'],
  ['{}', 'nothing'],
  ['{"data":[]}', 'a list as data'],
  ['{"data":1}', 'a number as data'],
  ['{"data":{},"errors":{}}', 'an object as errors'],
  ['{"errors":[]}', 'no errors and no data'],
  ['{"error":{"code":"X"}}', 'errors of another kind'],
])('%s is refused (%s)', (text) => {
  expect(() => read(text)).toThrow('answered with something that is no GraphQL response')
  expect(() => read(text, 404)).toThrow('status 404')
})

test('a status says whether it may pass', () => {
  const codeOf = (status: number) => {
    try {
      return read('x', status)
    } catch (error) {
      const { code, isRetryable } = error as { code: string; isRetryable: boolean }
      return [code, isRetryable]
    }
  }
  expect(codeOf(404)).toEqual(['UPSTREAM_UNAVAILABLE', false])
  expect(codeOf(429)).toEqual(['UPSTREAM_UNAVAILABLE', true])
  expect(codeOf(500)).toEqual(['UPSTREAM_UNAVAILABLE', true])
  expect(codeOf(504)).toEqual(['UPSTREAM_TIMED_OUT', true])
})

test('malformed errors stay errors', () => {
  const errors = [
    'x',
    null,
    {},
    { message: 1 },
    { message: 'm', path: 'p' },
    { message: 'm', path: [{}] },
    { message: 'm', extensions: [] },
  ]
  const { errors: read1 } = read({ data: {}, errors })
  const none = { message: 'The subgraph reported an error without a message.' }
  expect(read1).toEqual([none, none, none, none, { message: 'm' }, { message: 'm' }, { message: 'm' }])
  expect(read({ data: { a: 1 }, errors: null })).toEqual({ data: { a: 1 } })
  expect(read({ data: { a: 1 }, errors: [] })).toEqual({ data: { a: 1 } })
})

test('a field that a client has called `__proto__` is a field like any other', () => {
  const { data } = read('{"data":{"a":{"__proto__":{"polluted":true}}}}')
  expect(Object.getOwnPropertyNames(data!['a'])).toEqual(['__proto__'])
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

test('a byte order mark is no reason to fail', () => {
  expect(read('\uFEFF{"data":{"a":1}}')).toEqual({ data: { a: 1 } })
})

test('anything gives a response or a coded error', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), fc.integer({ min: 100, max: 599 }), (text, status) => {
      try {
        const { data, errors } = read(text, status)
        expect(data === undefined ? errors : typeof data).toBeTruthy()
      } catch (error) {
        expect((error as { code?: string }).code).toMatch(/^UPSTREAM_/)
      }
    }),
  )
})
