// Finds chunks for a question: the question is embedded once per embedding model of the knowledge bases, both searches run side by side,
// their lists are fused by reciprocal rank, and the chunks come from the database in one statement. Only READY documents are found.
//
// Where a question gets no vector the search is made by words alone, and `mode` says so.
import { and, eq, getTableColumns, inArray } from 'drizzle-orm'
import type { Database } from '#shared/database.ts'
import type { Identity } from '../../contracts/identity.ts'
import { fuseRanks } from './domain/fuse-ranks.ts'
import { searchWords } from './domain/terms.ts'
import type { EmbedQuestion } from './embed-question.ts'
import type { RankedChunks, VectorStore } from './ports/vector-store.ts'
import { chunkTable, documentTable, type ChunkRow, type KnowledgeBaseRow } from './tables.ts'

export type SearchMode = 'HYBRID' | 'DENSE' | 'LEXICAL'

export interface RetrievedChunk {
  chunk: ChunkRow
  documentTitle: string
  score: number
  denseRank: number | null
  lexicalRank: number | null
  /** Cosine of question and chunk, −1 to 1. Null when the search had no vectors; for a chunk far down the lowest that was seen. */
  denseSimilarity: number | null
}

export interface Retrieved {
  /** The mode really used. */
  mode: SearchMode
  /** Best first. */
  hits: RetrievedChunk[]
  /** The question under the first embedding model; null when none could be had. */
  embedding: { modelName: string; vector: Float32Array } | null
}

export interface Retrieval {
  retrieve(options: {
    identity: Identity
    knowledgeBases: readonly KnowledgeBaseRow[]
    question: string
    mode: SearchMode
    /** Chunks wanted, 1 to 100. */
    limit: number
    /** How deep the list of each search is read: a chunk that only one of them ranks low still counts. Default 100. */
    depth?: number
    /** Work that may be done again after a crash names itself, so that its embeddings count once. */
    idempotencyKey?: string
    signal: AbortSignal
  }): Promise<Retrieved>
}

const DEPTH_DEFAULT = 100
/** How far down the similarity of chunks is known that only their words brought up. */
const SIMILARITY_DEPTH = 200
/** Chunks of documents that are not READY are left out after the search; so many of those that follow may take their places. */
const SLACK = 20
/** A pasted page would otherwise look up thousands of terms. */
const WORDS_MAX = 64

const { precedingText: _precedingText, ...chunkColumns } = getTableColumns(chunkTable)

export function createRetrieval(options: {
  database: Database
  vectorStore: VectorStore
  embedQuestion: EmbedQuestion
}): Retrieval {
  const { database, vectorStore, embedQuestion } = options

  return {
    async retrieve({ identity, knowledgeBases, question, mode, limit, depth = DEPTH_DEFAULT, idempotencyKey, signal }) {
      const { workspaceId } = identity
      const modelNames = [...new Set(knowledgeBases.flatMap(({ embeddingModelName }) => embeddingModelName ?? []))]
      const embeddings =
        mode === 'LEXICAL' ? [] : await embedAll(identity, modelNames, question, idempotencyKey, signal)
      const usedMode = embeddings.length === 0 ? 'LEXICAL' : mode
      const { dense, lexical } = await vectorStore.search({
        workspaceId,
        knowledgeBaseIds: knowledgeBases.map(({ id }) => id),
        vectors: embeddings.map(({ modelName, vector }) => ({
          space: { modelName, dimensions: vector.length },
          vector,
        })),
        text: usedMode === 'DENSE' ? null : wordsOf(question),
        limit: Math.max(depth, SIMILARITY_DEPTH),
        signal,
      })
      const lists = [...dense, lexical].map((list) => list.toSorted(byScoreThenId).slice(0, depth))
      const fused = fuseRanks<RankedChunks[number]>(lists, ({ chunkId }) => chunkId).slice(0, limit + SLACK)
      const similarities = new Map(dense.flatMap((list) => list.map(({ chunkId, score: cosine }) => [chunkId, cosine])))
      const lowest = similarities.size === 0 ? null : Math.min(...similarities.values())
      const ids = fused.map(({ item }) => item.chunkId)
      const rows = await readChunks(workspaceId, ids.slice(0, limit))
      if (rows.size < limit) for (const [id, row] of await readChunks(workspaceId, ids.slice(limit))) rows.set(id, row)
      const hits = fused.flatMap(({ item, score, ranks }) => {
        const found = rows.get(item.chunkId)
        const denseRank = ranks.slice(0, -1).find((rank) => rank !== null) ?? null
        const denseSimilarity = similarities.get(item.chunkId) ?? lowest
        return found ? [{ ...found, score, denseRank, lexicalRank: ranks.at(-1) ?? null, denseSimilarity }] : []
      })
      return { mode: usedMode, hits: hits.slice(0, limit), embedding: embeddings[0] ?? null }
    },
  }

  /** Null when it holds nothing but stop words. */
  function wordsOf(question: string): string | null {
    return searchWords(question).slice(0, WORDS_MAX).join(' ') || null
  }

  async function embedAll(
    identity: Identity,
    modelNames: readonly string[],
    question: string,
    idempotencyKey: string | undefined,
    signal: AbortSignal,
  ): Promise<{ modelName: string; vector: Float32Array }[]> {
    const embedded = await Promise.all(
      modelNames.map(async (modelName) => {
        const key = idempotencyKey === undefined ? undefined : `${idempotencyKey}:${modelName}`
        const vector = await embedQuestion(identity, modelName, question, signal, key)
        return vector === null ? [] : [{ modelName, vector }]
      }),
    )
    return embedded.flat()
  }

  async function readChunks(
    workspaceId: string,
    ids: readonly string[],
  ): Promise<Map<string, { chunk: ChunkRow; documentTitle: string }>> {
    if (ids.length === 0) return new Map()
    const rows = await database.sql
      .select({ chunk: chunkColumns, documentTitle: documentTable.title })
      .from(chunkTable)
      .innerJoin(
        documentTable,
        and(eq(documentTable.workspaceId, workspaceId), eq(documentTable.id, chunkTable.documentId)),
      )
      .where(
        and(
          eq(chunkTable.workspaceId, workspaceId),
          inArray(chunkTable.id, [...ids]),
          eq(documentTable.status, 'READY'),
        ),
      )
    return new Map(rows.map((row) => [row.chunk.id, row]))
  }
}

/** Stores give equal scores in any order, another one each time: the same question has to find the same. */
const byScoreThenId = (one: RankedChunks[number], other: RankedChunks[number]): number =>
  other.score - one.score || (one.chunkId < other.chunkId ? -1 : 1)
