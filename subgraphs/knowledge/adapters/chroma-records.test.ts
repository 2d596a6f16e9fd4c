// What a record's document says of its terms is what the text itself says.
import { expect, test } from 'vitest'
import { termWeights } from '../domain/term-weights.ts'
import { soughtTerms, termsDocument, weightsReader } from './chroma-records.ts'

const TEXT = "The walrus herd's --max_age=3 of a walrus, and /etc/passwd: WALRUS $1 café"

const weightsIn = (document: string, terms: string[]) => {
  const weights = weightsReader(terms)(document)
  return new Map(
    terms.map((term, at) => [term, weights[at]!]).filter(([, weight]) => weight !== 0) as [string, number][],
  )
}

test('every term has its weight again, and no other term any', () => {
  const document = termsDocument(TEXT)
  const terms = soughtTerms(`${TEXT} and wal her pelican`)
  expect(weightsIn(document, terms)).toEqual(termWeights(TEXT))
  expect(weightsIn(document, ['wal', 'alrus', 'her', '3', '%', 'walru_', 'w.lrus']).size).toBe(1)
})

test('a term that begins with digits is not the frequency of the one before', () => {
  const text = `herd 7 walrus ${'pelican '.repeat(12)}`
  expect(weightsIn(termsDocument(text), soughtTerms(text))).toEqual(termWeights(text))
})

test('of terms that end alike each has its own weight', () => {
  const text = 'rus walrus walrus'
  expect(weightsIn(termsDocument(text), soughtTerms(text))).toEqual(termWeights(text))
})

test('words that were met in another text change nothing', () => {
  const known = new Map<string, readonly string[]>()
  termsDocument('window pelican harbour', known)
  expect(termsDocument(TEXT, known)).toBe(termsDocument(TEXT))
})

test('a text without terms has a document without any', () => {
  expect(termsDocument('… — !!!')).toBe('0 ')
  expect(weightsIn(termsDocument(''), ['walrus'])).toEqual(new Map())
})

test('of words that differ behind their hundredth character the frequencies add up', () => {
  const long = 'w'.repeat(100)
  const document = termsDocument(`${long}x ${long}y`)
  expect(document).toBe(`2 ${long}=2 `)
  expect(weightsIn(document, soughtTerms(`${long}z`))).toEqual(new Map([[long, expect.any(Number) as number]]))
})
