// A chunk as a record of Chroma. The server finds documents by what they contain and keeps an index for that, so the document of a record is not the
// text but its terms with their frequencies; the text is metadata, which only `readDocument` fetches.
import { hash } from 'node:crypto'
import type { Metadata, Where, WhereDocument } from 'chromadb'
import { countTerms, termFrequencies, termWeight, type KnownWords } from '../domain/term-weights.ts'
import type { DocumentPlace } from '../ports/vector-store.ts'

export interface ChunkMetadata extends Metadata {
  workspace: string
  knowledge_base: string
  document: string
  text: string
}

/** No word is longer. What is stored and what is looked for are cut alike. */
const TERM_CHARACTERS = 100
/** No frequency has more. */
const FREQUENCY_DIGITS = 10

export const recordId = (workspaceId: string, chunkId: string): string => JSON.stringify([workspaceId, chunkId])
export const chunkIdOf = (id: string): string => (JSON.parse(id) as [workspaceId: string, chunkId: string])[1]

export const chunkMetadata = (place: DocumentPlace, text: string): ChunkMetadata => ({
  workspace: place.workspaceId,
  knowledge_base: place.knowledgeBaseId,
  document: place.documentId,
  text,
})

/** `4 herd= walrus=3 `: the number of terms, and each with its frequency above one. Neither blank nor `=` is in a term. */
export function termsDocument(text: string, known?: KnownWords): string {
  const frequencies = cutFrequencies(text, known)
  const terms = [...frequencies].map(([term, frequency]) => `${term}=${frequency === 1 ? '' : frequency} `)
  return `${countTerms(frequencies)} ${terms.join('')}`
}

export const soughtTerms = (text: string): string[] => [...cutFrequencies(text).keys()]

function cutFrequencies(text: string, known?: KnownWords): Map<string, number> {
  const frequencies = new Map<string, number>()
  for (const [term, frequency] of termFrequencies(text, known)) {
    const cut = term.slice(0, TERM_CHARACTERS)
    frequencies.set(cut, (frequencies.get(cut) ?? 0) + frequency)
  }
  return frequencies
}

/**
 * What reads from documents the weights of the terms, in their order, 0 of those that a document does not have. A search reads thousands, of which
 * most of the time is the looking for the terms: in one pass, and what is found is read where it stands instead of being copied.
 */
export function weightsReader(terms: readonly string[]): (document: string) => number[] {
  const sought = terms.map(entryOf)
  const anySought = new RegExp(sought.map(asPattern).join('|') || '(?!)', 'g')
  return (document) => {
    const weights = sought.map(() => 0)
    const termCount = Number.parseInt(document)
    anySought.lastIndex = 0
    while (anySought.test(document)) {
      const end = anySought.lastIndex
      const found = sought.findIndex((entry) => document.startsWith(entry, end - entry.length))
      weights[found] = termWeight(frequencyAt(document, end), termCount)
    }
    return weights
  }
}

const frequencyAt = (document: string, at: number): number =>
  document[at] === ' ' ? 1 : Number.parseInt(document.slice(at, at + FREQUENCY_DIGITS))

/** Of the characters that mean something in a regular expression, those of terms among them. */
const asPattern = (term: string): string => term.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)

const entryOf = (term: string): string => ` ${term}=`

/** Chroma wants a vector of every record: where there is none, one that nobody looks for. Different ones, for its graph has no use for equals. */
export const placeholderVector = (id: string): number[] => [hash('sha1', id, 'buffer').readUInt32BE(0) / 2 ** 32]

/** The dialect of Chroma's filters wants two conditions at least under `$and`, and under `$or`. */
export const inScope = (
  workspaceId: string,
  field: 'document' | 'knowledge_base',
  values: readonly string[],
): Where => ({
  $and: [{ workspace: { $eq: workspaceId } }, { [field]: { $in: [...values] } }],
})

/** Chroma compares character by character: case counts, and none stands for others. */
export function withTerms(terms: readonly string[], combine: '$and' | '$or'): WhereDocument {
  const conditions = terms.map((term): WhereDocument => ({ $contains: entryOf(term) }))
  return conditions.length === 1 ? conditions[0]! : ({ [combine]: conditions } as WhereDocument)
}
