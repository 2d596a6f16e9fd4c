// Knowledge bases: create, change, list and count. The embedding model is fixed once one is known, because vectors of another model cannot
// be compared with those already there.
import { and, desc, eq, inArray, isNull, lt, sql } from 'drizzle-orm'
import type { SqlExecutor } from '#shared/database.ts'
import { toConnection, type Connection, type Page } from '#shared/graphql/connection.ts'
import { createId, hasPrefix } from '#shared/ids.ts'
import { serviceIdentity } from '../../contracts/identity.ts'
import type { ModelDescription, ModelsClient } from '../../contracts/models-client.ts'
import { checkDescription, checkName } from './domain/knowledge-base-input.ts'
import { readIdOrder } from './page-order.ts'
import { documentTable, knowledgeBaseTable, type KnowledgeBaseRow } from './tables.ts'
import { wellFormed } from './well-formed.ts'
import { isModelTrouble } from './model-trouble.ts'
import { isUniqueViolation } from './unique-violation.ts'
import { notFound, type UserMistake } from './user-mistake.ts'

export type KnowledgeBaseResult = { knowledgeBase: KnowledgeBaseRow } | { mistakes: UserMistake[] }

export interface ContentCounts {
  id: string
  documentCount: number
  chunkCount: number
}

export interface KnowledgeBases {
  create(
    workspaceId: string,
    input: { name: string; description?: string | null; embeddingModelName?: string | null },
    signal: AbortSignal,
  ): Promise<KnowledgeBaseResult>
  update(
    workspaceId: string,
    id: string,
    input: { name?: string | null; description?: string | null },
  ): Promise<KnowledgeBaseResult>
  /** Newest first. */
  list(workspaceId: string, filter: { name?: string | null }, page: Page): Promise<Connection<KnowledgeBaseRow>>
  findMany(workspaceId: string, ids: readonly string[]): Promise<KnowledgeBaseRow[]>
  countContents(workspaceId: string, ids: readonly string[]): Promise<ContentCounts[]>
  /**
   * Gives a knowledge base made without an embedding model the default one, if there is one now. Answers the row as it is then. Throws when
   * models is away: whoever took that for "there is none" would leave documents without vectors.
   */
  settleEmbeddingModel(knowledgeBase: KnowledgeBaseRow, signal: AbortSignal): Promise<KnowledgeBaseRow>
}

export function createKnowledgeBases(options: { database: SqlExecutor; models: ModelsClient }): KnowledgeBases {
  const { database, models } = options
  const table = knowledgeBaseTable

  return {
    async create(workspaceId, input, signal) {
      const mistakes: UserMistake[] = [...checkName(input.name), ...checkDescription(input.description)]
      const model = await findEmbeddingModel(workspaceId, input.embeddingModelName ?? null, signal)
      if (model === 'unknown')
        mistakes.push({
          code: 'MODEL_NOT_AVAILABLE',
          message: `No host has an embedding model "${input.embeddingModelName}". Query models for those there are, or leave it out for the default one.`,
          path: ['input', 'embeddingModelName'],
        })
      if (mistakes.length > 0 || model === 'unknown') return { mistakes }
      const [knowledgeBase] = await database
        .insert(table)
        .values({
          id: createId('kb'),
          workspaceId,
          name: input.name.trim(),
          description: input.description ?? null,
          embeddingModelId: model?.id ?? null,
          embeddingModelName: model?.name ?? null,
        })
        .onConflictDoNothing()
        .returning()
      return knowledgeBase ? { knowledgeBase } : { mistakes: [nameTaken(input.name)] }
    },

    async update(workspaceId, id, input) {
      const mistakes = [
        ...(input.name == null ? [] : checkName(input.name)),
        ...checkDescription(input.description),
        ...(hasPrefix(id, 'kb') ? [] : [notFound('knowledge base')]),
      ]
      if (mistakes.length > 0) return { mistakes }
      try {
        const [knowledgeBase] = await database
          .update(table)
          .set({
            ...(input.name == null ? {} : { name: input.name.trim() }),
            ...(input.description === undefined ? {} : { description: input.description }),
            updatedAt: sql`now()`,
          })
          .where(and(eq(table.workspaceId, workspaceId), eq(table.id, id)))
          .returning()
        return knowledgeBase ? { knowledgeBase } : { mistakes: [notFound('knowledge base')] }
      } catch (error) {
        if (isUniqueViolation(error)) return { mistakes: [nameTaken(input.name ?? '')] }
        throw error
      }
    },

    async list(workspaceId, filter, page) {
      const after = readIdOrder(page)
      const rows = await database
        .select()
        .from(table)
        .where(
          and(
            eq(table.workspaceId, workspaceId),
            // No stored name holds a NUL, and PostgreSQL does not even compare one.
            filter.name == null ? undefined : eq(table.name, filter.name.replaceAll('\0', '\ufffd')),
            after === null ? undefined : lt(table.id, after),
          ),
        )
        .orderBy(desc(table.id))
        .limit(page.limit + 1)
      return toConnection(rows, page, (row) => [row.id])
    },

    findMany: (workspaceId, ids) =>
      database
        .select()
        .from(table)
        .where(and(eq(table.workspaceId, workspaceId), inArray(table.id, wellFormed(ids, 'kb')))),

    countContents: (workspaceId, ids) =>
      database
        .select({
          id: documentTable.knowledgeBaseId,
          documentCount: sql<number>`count(*)::int`,
          chunkCount: sql<number>`sum(${documentTable.chunkCount})::int`,
        })
        .from(documentTable)
        .where(and(eq(documentTable.workspaceId, workspaceId), inArray(documentTable.knowledgeBaseId, [...ids])))
        .groupBy(documentTable.knowledgeBaseId),

    async settleEmbeddingModel(knowledgeBase, signal) {
      if (knowledgeBase.embeddingModelName !== null) return knowledgeBase
      const identity = serviceIdentity(knowledgeBase.workspaceId, 'knowledge')
      const model = await models.findModel(identity, 'EMBEDDING', null, signal)
      if (model === null) return knowledgeBase
      const own = and(eq(table.workspaceId, knowledgeBase.workspaceId), eq(table.id, knowledgeBase.id))
      // Of two documents at once, the first decides for both.
      const [settled] = await database
        .update(table)
        .set({ embeddingModelId: model.id, embeddingModelName: model.name })
        .where(and(own, isNull(table.embeddingModelName)))
        .returning()
      return settled ?? (await database.select().from(table).where(own))[0] ?? knowledgeBase
    },
  }

  /** Null when there is no default; 'unknown' when the name means nothing. A default that cannot be asked for is settled with the first document. */
  async function findEmbeddingModel(
    workspaceId: string,
    name: string | null,
    signal: AbortSignal,
  ): Promise<ModelDescription | null | 'unknown'> {
    const identity = serviceIdentity(workspaceId, 'knowledge')
    if (name !== null) return (await models.findModel(identity, 'EMBEDDING', name, signal)) ?? 'unknown'
    try {
      return await models.findModel(identity, 'EMBEDDING', null, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (isModelTrouble(error)) return null
      throw error
    }
  }
}

const nameTaken = (name: string): UserMistake => ({
  code: 'NAME_TAKEN',
  message: `The workspace already has a knowledge base named "${name.trim()}". Choose another name.`,
  path: ['input', 'name'],
})
