// The tables of models: generations with their events, and what each host was last seen to have.
import { sql } from 'drizzle-orm'
import { boolean, index, integer, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core'
import { streamLogTables } from '#shared/stream-log-tables.ts'
import type { GenerationStatus } from './domain/generation.ts'
import type { ModelDescription, ModelProviderKind } from './domain/model.ts'

export const modelsSchema = pgSchema('models')

const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

export const generationTable = modelsSchema.table(
  'generation',
  {
    id: text('id').primaryKey(),
    workspaceId: text('workspace_id').notNull(),
    status: text('status').notNull().$type<GenerationStatus>(),
    modelProvider: text('model_provider').notNull().$type<ModelProviderKind>(),
    modelName: text('model_name').notNull(),
    /** Written once, when it ends; until then the text is that of its events. */
    text: text('text').notNull().default(''),
    promptTokens: integer('prompt_tokens'),
    completionTokens: integer('completion_tokens'),
    cachedPromptTokens: integer('cached_prompt_tokens'),
    timeToFirstTokenMs: integer('time_to_first_token_ms'),
    durationMs: integer('duration_ms'),
    isDetached: boolean('is_detached').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    finishedAt: moment('finished_at'),
    /** The process that runs it says so until then; silence means that the process is dead. */
    leaseExpiresAt: moment('lease_expires_at').notNull(),
    /** Someone watches it, or may come back to, until then. */
    watchedUntil: moment('watched_until').notNull(),
  },
  (table) => [
    index('generation_workspace').on(table.workspaceId, table.id),
    index('generation_active')
      .on(table.leaseExpiresAt)
      .where(sql`status in ('QUEUED', 'RUNNING')`),
  ],
)

/** Hosts belong to the deployment, not to a workspace; kept so that models are known while their host is down. */
export const hostSnapshotTable = modelsSchema.table('host_snapshot', {
  hostName: text('host_name').primaryKey(),
  provider: text('provider').notNull().$type<ModelProviderKind>(),
  models: jsonb('models').notNull().$type<ModelDescription[]>(),
  readAt: moment('read_at').notNull().defaultNow(),
})

export const { stream, streamEvent, streamOutbox } = streamLogTables(modelsSchema)

export type GenerationRow = typeof generationTable.$inferSelect
