// The tables of a stream log, for the owner's Drizzle schema file.
import type { pgSchema } from 'drizzle-orm/pg-core'
import { bigint, boolean, index, integer, jsonb, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'

export function streamLogTables(schema: ReturnType<typeof pgSchema>) {
  /** One row for each stream that was appended to in a transaction or closed; on PostgreSQL for every stream. */
  const stream = schema.table(
    'stream',
    {
      workspaceId: text('workspace_id').notNull(),
      streamId: text('stream_id').notNull(),
      /** On Redis the count of events that came by transactions. */
      lastSequence: integer('last_sequence').notNull(),
      closedAt: timestamp('closed_at', { withTimezone: true }),
    },
    (table) => [primaryKey({ columns: [table.workspaceId, table.streamId] })],
  )
  /** Empty where the events are in Redis. */
  const streamEvent = schema.table(
    'stream_event',
    {
      workspaceId: text('workspace_id').notNull(),
      streamId: text('stream_id').notNull(),
      sequence: integer('sequence').notNull(),
      payload: jsonb('payload').notNull(),
      occurredAt: timestamp('occurred_at', { withTimezone: true }).notNull().defaultNow(),
    },
    (table) => [primaryKey({ columns: [table.workspaceId, table.streamId, table.sequence] })],
  )
  /** What was committed and is not yet in Redis; empty on PostgreSQL. Ids of one stream are in the order of its commits. */
  const streamOutbox = schema.table(
    'stream_outbox',
    {
      id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
      workspaceId: text('workspace_id').notNull(),
      streamId: text('stream_id').notNull(),
      /** The log instance that wrote it, and relays it unless its process dies. */
      writer: text('writer').notNull(),
      /** Events of the stream that came by transactions before this. */
      precedingCount: integer('preceding_count').notNull(),
      payloads: jsonb('payloads').notNull(),
      isLast: boolean('is_last').notNull(),
      createdAt: timestamp('created_at', { withTimezone: true }).notNull(),
    },
    (table) => [index('stream_outbox_stream').on(table.workspaceId, table.streamId, table.id)],
  )
  return { stream, streamEvent, streamOutbox }
}
