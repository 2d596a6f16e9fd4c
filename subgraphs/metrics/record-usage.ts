// Takes a usage event down. Messages come at least once; the id of the event makes it count once.
import type { z } from 'zod'
import type { SqlExecutor } from '#shared/database.ts'
import type { usageRecorded } from '../../contracts/messages.ts'
import { knowledgeBaseUsageTable, usageEventTable } from './tables.ts'

type UsageEvent = z.output<(typeof usageRecorded)['schema']>

export type RecordUsage = (event: UsageEvent) => Promise<void>

export function createRecordUsage(options: { database: SqlExecutor }): RecordUsage {
  return ({ knowledgeBaseIds, retrievalMs, ...event }) =>
    options.database.transaction(async (transaction) => {
      const row = { ...event, occurredAt: new Date(event.occurredAt) }
      await transaction.insert(usageEventTable).values(row).onConflictDoNothing()
      if (knowledgeBaseIds.length === 0) return
      const { workspaceId, eventId, kind, occurredAt } = row
      const rows = [...new Set(knowledgeBaseIds)].map((knowledgeBaseId) => ({
        workspaceId,
        eventId,
        kind,
        occurredAt,
        knowledgeBaseId,
        retrievalMs,
      }))
      await transaction.insert(knowledgeBaseUsageTable).values(rows).onConflictDoNothing()
    })
}
