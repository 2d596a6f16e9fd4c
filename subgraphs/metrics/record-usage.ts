// Takes usage events down. Messages come at least once; the id of the event makes it count once.
import type { z } from 'zod'
import type { SqlExecutor } from '#shared/database.ts'
import type { usageRecorded } from '../../contracts/messages.ts'
import { knowledgeBaseUsageTable, usageEventTable } from './tables.ts'

type UsageEvent = z.output<(typeof usageRecorded)['schema']>

/** All of them or, when it throws, none. */
export type RecordUsage = (events: readonly UsageEvent[]) => Promise<void>

export function createRecordUsage(options: { database: SqlExecutor }): RecordUsage {
  return async (told) => {
    if (told.length === 0) return
    const events = told.map(({ knowledgeBaseIds, retrievalMs, ...event }) => ({
      row: { ...event, occurredAt: new Date(event.occurredAt) },
      knowledgeBaseIds: [...new Set(knowledgeBaseIds)],
      retrievalMs,
    }))
    const ofKnowledgeBases = events.flatMap(({ row, knowledgeBaseIds, retrievalMs }) => {
      const { workspaceId, eventId, kind, occurredAt } = row
      return knowledgeBaseIds.map((knowledgeBaseId) => ({
        workspaceId,
        eventId,
        kind,
        occurredAt,
        knowledgeBaseId,
        retrievalMs,
      }))
    })
    await options.database.transaction(async (transaction) => {
      const rows = events.map(({ row }) => row)
      await transaction.insert(usageEventTable).values(rows).onConflictDoNothing()
      if (ofKnowledgeBases.length > 0)
        await transaction.insert(knowledgeBaseUsageTable).values(ofKnowledgeBases).onConflictDoNothing()
    })
  }
}
