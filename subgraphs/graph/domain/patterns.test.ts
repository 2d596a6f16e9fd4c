import { expect, test } from 'vitest'
import { findPatterns } from './patterns.ts'

const found = (text: string) => findPatterns(text).map(({ type, normalizedName }) => `${type} ${normalizedName}`)

test('punctuation around a web address does not belong to it', () => {
  expect(found('See (https://Example.org/a_(b)), "https://example.org/". Or <http://x.org/?q=1&r=2>!')).toEqual([
    'URL https://example.org/a_(b)',
    'URL https://example.org',
    'URL http://x.org/?q=1&r=2',
  ])
})

test('a mail address inside a web address is not a second find', () => {
  expect(found('http://example.org/~a/b@example.org/c and b@example.org.')).toEqual([
    'URL http://example.org/~a/b@example.org/c',
    'EMAIL b@example.org',
  ])
})

test('dates in several spellings have one normal form, and impossible days are no dates', () => {
  expect(found('March 3, 2021; 3rd of March 2021; 3 Mar 2021; 2021-03-03; March of 2021; February 30, 2021')).toEqual([
    'DATE 2021-03-03',
    'DATE 2021-03-03',
    'DATE 2021-03-03',
    'DATE 2021-03-03',
    'DATE 2021-03',
  ])
})

test('a month without a year and version numbers are no dates', () => {
  expect(found('In May we may release 5.6.12 in 2021, or march 2022 miles.')).toEqual([])
})

test('hostile text is searched in time in proportion to its length', () => {
  const hostile = [
    'a'.repeat(200_000),
    'a.'.repeat(100_000),
    `a@${'a-'.repeat(100_000)}`,
    'http://'.repeat(30_000),
    '1 '.repeat(100_000),
  ]
  const startedAt = performance.now()
  for (const text of hostile) findPatterns(text)
  expect(performance.now() - startedAt).toBeLessThan(5_000)
})
