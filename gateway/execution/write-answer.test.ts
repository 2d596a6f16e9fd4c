// Answers are written as JSON.stringify writes them.
import type { FormattedExecutionResult } from 'graphql'
import { expect, test, vi } from 'vitest'
import { createWriteAnswer } from './write-answer.ts'

const error = { message: 'No.', path: ['a'], extensions: { code: 'NO' } }
const ANSWERS: FormattedExecutionResult[] = [
  { data: { a: [1, null, 'ü'] } },
  { errors: [error], data: null },
  { errors: [error], data: { a: null }, extensions: { cost: { actual: 1 } } },
  { errors: [error] },
  { errors: undefined as never, data: {}, extensions: undefined as never },
]

test.each(ANSWERS.map((answer) => [answer]))('%j', (answer) => {
  const write = createWriteAnswer({ keepsTexts: true })
  expect(createWriteAnswer({ keepsTexts: false })(answer)).toBe(`${JSON.stringify(answer)}\n`)
  expect(write(answer)).toBe(`${JSON.stringify(answer)}\n`)
  expect(write(answer)).toBe(`${JSON.stringify(answer)}\n`)
})

test('data that several get is written once, whatever stands beside it', () => {
  const toJSON = vi.fn(() => 'a')
  const data = { a: { toJSON } }
  const write = createWriteAnswer({ keepsTexts: true })
  expect(write({ data })).toBe('{"data":{"a":"a"}}\n')
  expect(write({ data, extensions: { cost: 1 } })).toBe('{"data":{"a":"a"},"extensions":{"cost":1}}\n')
  expect(toJSON).toHaveBeenCalledTimes(1)
})
