import { expect, test } from 'vitest'
import { termFrequencies, termWeights } from './term-weights.ts'

test('terms are stems without accents, case and stop words, names also by their parts', () => {
  expect(Object.fromEntries(termFrequencies('The Café was RUNNING; running cafés use apt-get.'))).toEqual({
    cafe: 2,
    run: 2,
    'apt-get': 1,
    apt: 1,
  })
  expect(termFrequencies('the was of').size).toBe(0)
  expect(termFrequencies('… — !!!').size).toBe(0)
})

test('a repeated term weighs more, each time by less, and a long text makes its terms weigh less', () => {
  const weightIn = (text: string) => termWeights(text).get('walru')!
  const [once, twice, often] = ['walrus', 'walrus walrus', 'walrus '.repeat(40)].map(weightIn) as [
    number,
    number,
    number,
  ]
  expect(twice).toBeGreaterThan(once)
  expect(twice - once).toBeLessThan(once)
  expect(often).toBeLessThan(2.2)
  expect(weightIn(`walrus ${'pelican heron '.repeat(200)}`)).toBeLessThan(once)
})
