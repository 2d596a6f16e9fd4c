// The tables of metrics: every usage event once, and a row for each knowledge base it concerns, because figures are asked per knowledge
// base over a stretch of time.
import { bigint, doublePrecision, index, pgSchema, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'

export const metricsSchema = pgSchema('metrics')

export const usageKinds = ['GENERATION', 'EMBEDDING', 'RERANK', 'SEARCH', 'ANSWER'] as const
export type UsageKind = (typeof usageKinds)[number]

const event = {
  workspaceId: text('workspace_id').notNull(),
  eventId: text('event_id').notNull(),
  kind: text('kind').notNull().$type<UsageKind>(),
  occurredAt: timestamp('occurred_at', { withTimezone: true, precision: 3 }).notNull(),
}

export const usageEventTable = metricsSchema.table(
  'usage_event',
  {
    ...event,
    modelName: text('model_name'),
    promptTokens: bigint('prompt_tokens', { mode: 'number' }).notNull(),
    completionTokens: bigint('completion_tokens', { mode: 'number' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.eventId] }),
    index('usage_event_by_time').on(table.workspaceId, table.occurredAt),
  ],
)

export const knowledgeBaseUsageTable = metricsSchema.table(
  'knowledge_base_usage',
  {
    ...event,
    knowledgeBaseId: text('knowledge_base_id').notNull(),
    /** Time to find the sources, in milliseconds. */
    retrievalMs: doublePrecision('retrieval_ms'),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.knowledgeBaseId, table.eventId] }),
    index('knowledge_base_usage_by_time').on(table.workspaceId, table.knowledgeBaseId, table.occurredAt),
  ],
)
