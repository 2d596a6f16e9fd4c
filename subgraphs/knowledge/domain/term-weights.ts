/**
 * What a store that keeps sparse vectors of terms needs for lexical search: how much each term of a text says, by BM25 (S. Robertson and
 * H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009) without its inverse document frequency, which only the store
 * knows. Terms are those of terms.ts, without accents.
 */
import { contentTermsOf, surfacesOf, tokenOf } from './terms.ts'

/** Saturation of repeated terms, and how much a long text is held against it: the usual values. */
const K1 = 1.2
const B = 0.75
/**
 * Length of a usual text, in terms: what 850 characters of documentation, about a chunk, have on average. A constant, because what is stored of
 * one text must not depend on the others.
 */
const USUAL_TERM_COUNT = 65

/** Terms of words that were met before, for whoever has many texts: few words make up most of every text. */
export type KnownWords = Map<string, readonly string[]>

/** How often each content term is in the text. */
export function termFrequencies(text: string, known: KnownWords = new Map()): Map<string, number> {
  const frequencies = new Map<string, number>()
  for (const surface of surfacesOf(text.normalize('NFKD').replace(/\p{M}/gu, ''))) {
    let terms = known.get(surface)
    if (terms === undefined) known.set(surface, (terms = [...contentTermsOf([tokenOf(surface)])]))
    for (const term of terms) frequencies.set(term, (frequencies.get(term) ?? 0) + 1)
  }
  return frequencies
}

/** Above 0, below K1 + 1. */
export function termWeights(text: string, known?: KnownWords): Map<string, number> {
  const frequencies = termFrequencies(text, known)
  const termCount = countTerms(frequencies)
  return new Map(frequencies.entries().map(([term, frequency]) => [term, termWeight(frequency, termCount)]))
}

/** Length of a text in terms. */
export const countTerms = (frequencies: ReadonlyMap<string, number>): number =>
  frequencies.values().reduce((sum, frequency) => sum + frequency, 0)

/** Of a term that is so often in a text of so many terms. */
export function termWeight(frequency: number, termCount: number): number {
  const dampening = K1 * (1 - B + (B * termCount) / USUAL_TERM_COUNT)
  return (frequency * (K1 + 1)) / (frequency + dampening)
}
