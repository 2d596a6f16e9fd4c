// EMBED: a vector for every chunk, in batches that are stored as they come. A batch is always the same chunks in the same order, and its
// idempotency key follows from them: a batch repeated after a crash is computed again at most once, and its usage counts once.
//
// Without any embedding model the step succeeds with no vectors: the document is found by words only.
import { and, asc, eq, gte, lt, sql } from 'drizzle-orm'
import type { Database } from '#shared/database.ts'
import { serviceIdentity } from '../../contracts/identity.ts'
import type { ModelsClient } from '../../contracts/models-client.ts'
import { indexText } from './domain/index-text.ts'
import { findDocument, type AboutDocument } from './find-document.ts'
import type { StepReports } from './step-reports.ts'
import { chunkEmbeddingTable, chunkTable, documentTable, type DocumentRow, type KnowledgeBaseRow } from './tables.ts'
import { vectorToBytes } from './vector-bytes.ts'

const BATCH_SIZE = 32

export interface EmbedStepOptions {
  database: Database
  models: ModelsClient
  knowledgeBase: KnowledgeBaseRow
  document: DocumentRow
  reports: StepReports
  signal: AbortSignal
}

/** Answers how many chunks have a vector, all or none; null when the document was deleted meanwhile. */
export async function runEmbedStep(options: EmbedStepOptions): Promise<number | null> {
  const { database, models, document, knowledgeBase, reports, signal } = options
  const { workspaceId, id: documentId, chunkCount: totalUnits } = document
  const about = { workspaceId, knowledgeBaseId: document.knowledgeBaseId, documentId }
  const modelName = knowledgeBase.embeddingModelName
  const vectorCount = modelName === null ? 0 : totalUnits
  if (modelName !== null) {
    const stored = await storedOrdinals(database, document, modelName)
    for (let from = 0; from < totalUnits; from += BATCH_SIZE) {
      signal.throwIfAborted()
      await reports.running('EMBED', { completedUnits: from, totalUnits })
      const size = Math.min(BATCH_SIZE, totalUnits - from)
      if (Array.from({ length: size }, (_, index) => from + index).every((ordinal) => stored.has(ordinal))) continue
      const chunks = await database.sql
        .select({ id: chunkTable.id, text: chunkTable.text, headings: chunkTable.headings })
        .from(chunkTable)
        .where(
          and(
            eq(chunkTable.workspaceId, workspaceId),
            eq(chunkTable.documentId, documentId),
            gte(chunkTable.ordinal, from),
            lt(chunkTable.ordinal, from + BATCH_SIZE),
          ),
        )
        .orderBy(asc(chunkTable.ordinal))
      if (chunks.length === 0) return null
      const vectors = await models.embed(
        serviceIdentity(workspaceId, 'knowledge'),
        {
          modelName,
          texts: chunks.map(({ text, headings }) => indexText({ text, headings, documentTitle: document.title })),
          purpose: 'document',
          idempotencyKey: ['embed', documentId, document.contentKey, modelName, from].join(':'),
        },
        signal,
      )
      const rows = chunks.map(({ id }, index) => ({
        chunkId: id,
        workspaceId,
        documentId,
        modelName,
        vector: vectorToBytes(vectors[index]!),
      }))
      if (!(await storeBatch(database, about, rows))) return null
    }
  }
  await database.sql.transaction(async (transaction) => {
    await transaction
      .update(documentTable)
      .set({ vectorCount })
      .where(and(eq(documentTable.workspaceId, workspaceId), eq(documentTable.id, documentId)))
    await reports.succeeded('EMBED', { completedUnits: vectorCount, totalUnits }, transaction)
  })
  return vectorCount
}

/** False, and nothing stored, when the document was deleted while its batch was embedded. */
function storeBatch(
  database: Database,
  about: AboutDocument,
  rows: (typeof chunkEmbeddingTable.$inferInsert)[],
): Promise<boolean> {
  return database.sql.transaction(async (transaction) => {
    if ((await findDocument(transaction, about, { lock: true })).state !== 'present') return false
    await transaction
      .insert(chunkEmbeddingTable)
      .values(rows)
      .onConflictDoUpdate({
        target: chunkEmbeddingTable.chunkId,
        set: { modelName: sql`excluded.model_name`, vector: sql`excluded.vector` },
      })
    return true
  })
}

async function storedOrdinals(database: Database, document: DocumentRow, modelName: string): Promise<Set<number>> {
  const rows = await database.sql
    .select({ ordinal: chunkTable.ordinal })
    .from(chunkTable)
    .innerJoin(
      chunkEmbeddingTable,
      and(eq(chunkEmbeddingTable.workspaceId, chunkTable.workspaceId), eq(chunkEmbeddingTable.chunkId, chunkTable.id)),
    )
    .where(
      and(
        eq(chunkTable.workspaceId, document.workspaceId),
        eq(chunkTable.documentId, document.id),
        eq(chunkEmbeddingTable.modelName, modelName),
      ),
    )
  return new Set(rows.map(({ ordinal }) => ordinal))
}
