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

/** What reads from documents the weights of those of the terms that they have: in one pass, for a search reads thousands. */
export function weightsReader(terms: readonly string[]): (document: string) => Map<string, number> {
  const entries = new RegExp(`(?<= )(?:${terms.map(asPattern).join('|')})=\\d*`, 'gu')
  return (document) => {
    const termCount = Number.parseInt(document)
    const weights = new Map<string, number>()
    for (const entry of document.match(entries) ?? []) {
      const at = entry.indexOf('=')
      weights.set(entry.slice(0, at), termWeight(Number(entry.slice(at + 1)) || 1, termCount))
    }
    return weights
  }
}

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
