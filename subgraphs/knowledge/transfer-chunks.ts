// Chunks on their way between installations: each row together with what the vector store holds under its id, so that nothing is embedded again.
import { and, asc, eq, gt } from 'drizzle-orm'
import { z } from 'zod'
import { countRows, readRows, rowCodec, upsertRows } from '#shared/database-rows.ts'
import type { SqlExecutor } from '#shared/database.ts'
import { TributaryError } from '#shared/errors.ts'
import type { Position, ReadRecord, TransferredKind } from '../../contracts/workspace-archive.ts'
import type { ChunkToStore, EmbeddingSpace, VectorStore } from './ports/vector-store.ts'
import { chunkTable, documentTable, type DocumentRow } from './tables.ts'
import { vectorFromBytes, vectorToBytes } from './vector-bytes.ts'

/** float32, little-endian, in base64. */
const vectorSchema = z.base64().transform((text, context) => {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.byteLength > 0 && bytes.byteLength % Float32Array.BYTES_PER_ELEMENT === 0) return vectorFromBytes(bytes)
  context.addIssue('is no list of 32-bit numbers')
  return z.NEVER
})

const recordSchema = z.strictObject({
  chunk: z.unknown(),
  /** What is searched by words; null when the chunk is in no index. */
  indexedText: z.string().nullable(),
  /** Null without a vector. */
  embedding: z.strictObject({ modelName: z.string(), vector: vectorSchema }).nullable(),
})

type ChunkRecord = z.input<typeof recordSchema>

export function chunksKind(options: { database: SqlExecutor; vectorStore: VectorStore }): TransferredKind {
  const { database, vectorStore } = options
  const codec = rowCodec(chunkTable)

  async function* readDocument(
    document: DocumentRow,
    afterOrdinal: number,
    signal: AbortSignal,
  ): AsyncGenerator<ReadRecord> {
    const { workspaceId, id: documentId } = document
    const rows = await database
      .select()
      .from(chunkTable)
      .where(
        and(
          eq(chunkTable.workspaceId, workspaceId),
          eq(chunkTable.documentId, documentId),
          gt(chunkTable.ordinal, afterOrdinal),
        ),
      )
      .orderBy(asc(chunkTable.ordinal))
    if (rows.length === 0) return
    const indexed = await readIndexed(document, signal)
    for (const row of rows) {
      const found = indexed.chunks.get(row.id)
      const record: ChunkRecord = {
        chunk: codec.toRecord(row),
        indexedText: found?.text ?? null,
        embedding:
          indexed.space === null || found === undefined || found.vector === null
            ? null
            : {
                modelName: indexed.space.modelName,
                vector: Buffer.from(vectorToBytes(found.vector)).toString('base64'),
              },
      }
      yield { position: [documentId, row.ordinal], record }
    }
  }

  /** Of a document that is not READY whatever is indexed is on its way out, or half written. */
  async function readIndexed(document: DocumentRow, signal: AbortSignal) {
    const { workspaceId, id, status, chunkCount, vectorCount } = document
    if (status !== 'READY') return { space: null, chunks: new Map<string, ChunkToStore>() }
    const { space, chunks } = await vectorStore.readDocument(workspaceId, id, signal)
    const vectors = chunks.filter(({ vector }) => vector !== null).length
    if (chunks.length !== chunkCount || vectors !== (vectorCount ?? 0))
      throw new TributaryError(
        'QUALITY_CHECK_FAILED',
        `The vector store holds ${chunks.length} of ${chunkCount} chunks and ${vectors} of ${vectorCount ?? 0} vectors of the document ${id} ("${document.title}"). Run the command again if it was being deleted just now; otherwise delete the document and ingest it again.`,
      )
    return { space, chunks: new Map(chunks.map((chunk) => [chunk.id, chunk])) }
  }

  return {
    kind: 'chunks',
    count: (workspaceId) => countRows(database, chunkTable, workspaceId),

    async *read(workspaceId, { after, signal }) {
      const begun = after === null ? null : await findBegun(workspaceId, after)
      if (begun !== null) yield* readDocument(begun.document, begun.ordinal, signal)
      const rest = readRows(database, {
        table: documentTable,
        workspaceId,
        key: [documentTable.id],
        after: after === null ? null : [after[0]!],
      })
      for await (const { row } of rest) {
        signal.throwIfAborted()
        yield* readDocument(row, -1, signal)
      }
    },

    async write(target, records, signal) {
      const { workspaceId } = target
      const parsed = records.map((record) => {
        const { chunk, ...rest } = recordSchema.parse(record)
        return { ...rest, row: codec.fromRecord(workspaceId, chunk) }
      })
      await upsertRows(
        database,
        chunkTable,
        parsed.map(({ row }) => row),
      )
      for (const ofDocument of Map.groupBy(parsed, ({ row }) => row.documentId).values()) {
        const indexed = ofDocument.flatMap(({ row, indexedText, embedding }) =>
          indexedText === null ? [] : [{ id: row.id, text: indexedText, vector: embedding?.vector ?? null }],
        )
        if (indexed.length === 0) continue
        const { knowledgeBaseId, documentId } = ofDocument[0]!.row
        await vectorStore.upsert({ workspaceId, knowledgeBaseId, documentId }, spaceOf(ofDocument), indexed, signal)
      }
    },
  }

  /** The document in whose middle a part ended. */
  async function findBegun(workspaceId: string, [documentId, ordinal]: Position) {
    const [document] = await database
      .select()
      .from(documentTable)
      .where(and(eq(documentTable.workspaceId, workspaceId), eq(documentTable.id, String(documentId))))
    return document ? { document, ordinal: Number(ordinal) } : null
  }
}

function spaceOf(chunks: readonly Pick<z.output<typeof recordSchema>, 'embedding'>[]): EmbeddingSpace | null {
  const embedding = chunks.find((chunk) => chunk.embedding !== null)?.embedding
  return embedding ? { modelName: embedding.modelName, dimensions: embedding.vector.length } : null
}
