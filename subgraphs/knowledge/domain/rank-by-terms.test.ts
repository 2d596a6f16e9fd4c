import { expect, test } from 'vitest'
import { rankByTerms } from './rank-by-terms.ts'

const candidate = (id: string, { run = 0, walrus = 0 }) => ({ id, weights: [run, walrus] })
const order = (ranked: { id: string }[]) => ranked.map(({ id }) => id)

test('a rare term counts for more than a frequent one, and two terms for more than one', () => {
  const candidates = [
    candidate('frequent', { run: 1 }),
    candidate('rare', { walrus: 1 }),
    candidate('both', { run: 1, walrus: 1 }),
    candidate('frequent too', { run: 1 }),
  ]
  const ranked = rankByTerms({ candidates, textCount: 100, limit: 10 })
  expect(order(ranked)).toEqual(['both', 'rare', 'frequent', 'frequent too'])
})

test('the score is the weight by ln(1 + (N - n + 0.5) / (n + 0.5))', () => {
  const [best] = rankByTerms({ candidates: [candidate('a', { run: 2 })], textCount: 10, limit: 10 })
  expect(best!.score).toBeCloseTo(2 * Math.log(1 + 9.5 / 1.5), 10)
})

test('a term that every text has still counts for something', () => {
  const candidates = [candidate('a', { run: 1 }), candidate('b', { run: 2 })]
  const ranked = rankByTerms({ candidates, textCount: 2, limit: 10 })
  expect(order(ranked)).toEqual(['b', 'a'])
  expect(ranked[1]!.score).toBeGreaterThan(0)
})

test('no more than the limit are answered, the best, and of equal ones those of smaller ids', () => {
  const weights = { e: 1, b: 1, d: 3, a: 1, f: 2, c: 1 }
  const candidates = Object.entries(weights).map(([id, run]) => candidate(id, { run }))
  const ranked = (limit: number) => order(rankByTerms({ candidates, textCount: 5, limit }))
  expect(ranked(4)).toEqual(['d', 'f', 'a', 'b'])
  expect(ranked(2)).toEqual(['d', 'f'])
  expect(ranked(7)).toEqual(['d', 'f', 'a', 'b', 'c', 'e'])
  expect(rankByTerms({ candidates: [], textCount: 5, limit: 3 })).toEqual([])
})
