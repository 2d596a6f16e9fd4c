/**
 * A stand-in for the vector store when questions are evaluated without the platform: exact dense search and BM25
 * (k1 = 1.2, b = 0.75, the defaults of Lucene and LanceDB) over stemmed terms, fused by reciprocal rank.
 */
import { chunkDocument } from '../../../subgraphs/knowledge/domain/chunk-document.ts'
import type { ChunkOptions, DocumentContent } from '../../../subgraphs/knowledge/domain/chunk-document.ts'
import { fuseRanks } from '../../../subgraphs/knowledge/domain/fuse-ranks.ts'
import { indexText } from '../../../subgraphs/knowledge/domain/index-text.ts'
import { cosine } from '../../../subgraphs/knowledge/domain/source-chunk.ts'
import type { SourceChunk } from '../../../subgraphs/knowledge/domain/source-chunk.ts'
import { tokenize } from '../../../subgraphs/knowledge/domain/terms.ts'

export type IndexedDocument = { id: string; content: DocumentContent }
export type EmbedTexts = (texts: readonly string[]) => Promise<readonly Float32Array[]>

const k1 = 1.2
const b = 0.75

export async function createInMemorySearch(
  documents: readonly IndexedDocument[],
  embed: EmbedTexts,
  options: ChunkOptions = {},
) {
  const chunks = documents.flatMap(({ id, content }) =>
    chunkDocument(content, options).map((draft) => ({
      id: `${id}#${String(draft.ordinal)}`,
      documentId: id,
      documentTitle: content.title,
      headings: draft.headings,
      page: draft.page,
      text: content.text.slice(draft.startOffset, draft.endOffset),
      startOffset: draft.startOffset,
      endOffset: draft.endOffset,
    })),
  )
  const texts = chunks.map((chunk) => indexText(chunk))
  const vectors = await embed(texts)
  const postings = new Map<string, Map<number, number>>()
  const lengths = texts.map((text, index) => {
    const terms = lexicalTerms(text)
    for (const term of terms) {
      const posting = postings.get(term) ?? new Map<number, number>()
      postings.set(term, posting.set(index, (posting.get(index) ?? 0) + 1))
    }
    return terms.length
  })
  const meanLength = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length)

  function lexical(question: string, limit: number): number[] {
    const scores = new Map<number, number>()
    for (const term of new Set(lexicalTerms(question))) {
      const posting = postings.get(term)
      if (posting === undefined) continue
      const idf = Math.log(1 + (chunks.length - posting.size + 0.5) / (posting.size + 0.5))
      for (const [index, frequency] of posting) {
        const norm = frequency + k1 * (1 - b + (b * (lengths[index] ?? 0)) / meanLength)
        scores.set(index, (scores.get(index) ?? 0) + (idf * frequency * (k1 + 1)) / norm)
      }
    }
    return best([...scores.entries()], limit)
  }

  return {
    chunkCount: chunks.length,
    /** Fused, best first. `isExcluded` leaves chunks out, as if they had never been indexed. */
    async search(
      question: string,
      limit = 40,
      isExcluded: (chunkText: string) => boolean = () => false,
    ): Promise<SourceChunk[]> {
      const [vector] = await embed([question])
      if (vector === undefined) return []
      const similarities = vectors.map((candidate) => cosine(vector, candidate))
      const dense = best([...similarities.entries()], limit)
      const isKept = (index: number): boolean => !isExcluded(chunks[index]?.text ?? '')
      const fused = fuseRanks([dense.filter(isKept), lexical(question, limit).filter(isKept)], String)
      return fused.slice(0, limit).flatMap(({ item, ranks }) => {
        const chunk = chunks[item]
        return chunk === undefined
          ? []
          : [
              {
                ...chunk,
                denseRank: ranks[0] ?? null,
                lexicalRank: ranks[1] ?? null,
                denseSimilarity: similarities[item] ?? null,
              },
            ]
      })
    },
  }
}

/** As a full-text index with English stemming and stop words does: identifiers are cut into their parts. */
function lexicalTerms(text: string): string[] {
  return tokenize(text.replace(/[^\p{L}\p{N}']+/gu, ' '))
    .filter((token) => !token.isStopWord)
    .map((token) => token.term)
}

function best(scored: readonly (readonly [number, number])[], limit: number): number[] {
  return [...scored]
    .sort((left, right) => right[1] - left[1])
    .slice(0, limit)
    .map(([index]) => index)
}
