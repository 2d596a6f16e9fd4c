import { expect, test } from 'vitest'
import { RecentlyKnown } from './recently-known.ts'

test('long words are not kept, and one too many lets all others be forgotten', () => {
  const known = new RecentlyKnown<number>(2)
  known.set('walrus', 1).set('a word of more characters', 2).set('herd', 3)
  expect([...known]).toEqual([
    ['walrus', 1],
    ['herd', 3],
  ])
  known.set('herd', 4)
  expect(known.get('walrus')).toBe(1)
  known.set('gull', 5)
  expect([...known]).toEqual([['gull', 5]])
})
