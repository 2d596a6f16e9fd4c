import { expect, test } from 'vitest'
import { fuseRanks } from './fuse-ranks.ts'

test('an item in both lists beats one that is first in only one of them', () => {
  const fused = fuseRanks(
    [
      ['a', 'b', 'c'],
      ['d', 'b'],
    ],
    String,
  )
  expect(fused.map((entry) => entry.item)).toEqual(['b', 'a', 'd', 'c'])
  expect(fused[0]?.score).toBeCloseTo(1 / 62 + 1 / 62)
  expect(fused[0]?.ranks).toEqual([2, 2])
  expect(fused[1]?.ranks).toEqual([1, null])
})

test('a duplicate within one list counts once, at its best rank', () => {
  expect(fuseRanks([['a', 'a', 'b']], String).map((entry) => [entry.item, entry.ranks])).toEqual([
    ['a', [1]],
    ['b', [3]],
  ])
})

test('no lists, no items', () => {
  expect(fuseRanks([], String)).toEqual([])
})
