// What a record's document says of its terms is what the text itself says.
import { expect, test } from 'vitest'
import { termWeights } from '../domain/term-weights.ts'
import { soughtTerms, termsDocument, weightsReader } from './chroma-records.ts'

const TEXT = "The walrus herd's --max_age=3 of a walrus, and /etc/passwd: WALRUS $1 café"

test('every term has its weight again, and no other term any', () => {
  const document = termsDocument(TEXT)
  const terms = soughtTerms(`${TEXT} and wal her pelican`)
  expect(weightsReader(terms)(document)).toEqual(termWeights(TEXT))
  expect(weightsReader(['wal', 'alrus', 'her', '3', '%', 'walru_', 'w.lrus'])(document).size).toBe(1)
})

test('words that were met in another text change nothing', () => {
  const known = new Map<string, readonly string[]>()
  termsDocument('window pelican harbour', known)
  expect(termsDocument(TEXT, known)).toBe(termsDocument(TEXT))
})

test('a text without terms has a document without any', () => {
  expect(termsDocument('… — !!!')).toBe('0 ')
  expect(weightsReader(['walrus'])(termsDocument('')).size).toBe(0)
})

test('of words that differ behind their hundredth character the frequencies add up', () => {
  const long = 'w'.repeat(100)
  const document = termsDocument(`${long}x ${long}y`)
  expect(document).toBe(`2 ${long}=2 `)
  expect(weightsReader(soughtTerms(`${long}z`))(document)).toEqual(new Map([[long, expect.any(Number) as number]]))
})
