// Generations in the database. A generation ends exactly once, in one transaction with its last event and its usage message: whoever comes
// second (the model, a caller who cancels, the process that finds another dead) finds it ended and changes nothing.
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Database } from '#shared/database.ts'
import { hasPrefix } from '#shared/ids.ts'
import type { JobQueue } from '#shared/job-queue.ts'
import type { StreamEvent, StreamLog } from '#shared/stream-log.ts'
import { usageRecorded } from '../../contracts/messages.ts'
import { ACTIVE_STATUSES, type GenerationEventPayload, type GenerationOutcome } from './domain/generation.ts'
import { generationTable, stream, type GenerationRow } from './tables.ts'
import type { WrittenText } from './write-deltas.ts'

export interface NewGeneration {
  id: string
  workspaceId: string
  modelProvider: GenerationRow['modelProvider']
  modelName: string
  isDetached: boolean
}

export type GenerationKey = Pick<GenerationRow, 'workspaceId' | 'id'>

export interface RenewedGeneration {
  id: string
  isUnwatched: boolean
}

export interface GenerationStore {
  /** Adds the row, QUEUED, and its first event. */
  insert(generation: NewGeneration): Promise<GenerationRow>
  /** The first text is there. */
  markRunning(row: GenerationRow, timeToFirstTokenMs: number): Promise<void>
  /**
   * Ends it unless it has ended. Answers whether this call did. Who has written its text hands it in, and need not wait for the stream log; for
   * others the text is what the stream holds.
   */
  finish(key: GenerationKey, outcome: GenerationOutcome, written?: WrittenText): Promise<boolean>
  findMany(workspaceId: string, ids: readonly string[]): Promise<GenerationRow[]>
  /** Whether its events are still kept; those of a generation that ended go after some days. */
  hasEvents(workspaceId: string, id: string): Promise<boolean>
  /** The text so far of generations that have not ended. */
  textsSoFar(workspaceId: string, ids: readonly string[]): Promise<{ id: string; text: string }[]>
  /** Says that this process still runs these, and which of its own are watched; answers those that have not ended. */
  renew(running: readonly GenerationKey[], watched: readonly GenerationKey[]): Promise<RenewedGeneration[]>
  /** Says that these are watched, wherever they run. */
  touch(watched: readonly GenerationKey[]): Promise<void>
  /** Those whose process fell silent; with `all`, every one that has not ended. */
  findAbandoned(all: boolean): Promise<GenerationKey[]>
}

export interface GenerationStoreOptions {
  database: Database
  log: StreamLog<GenerationEventPayload>
  queue: JobQueue
  /** How long a generation may go on unwatched, in milliseconds. */
  graceMs: number
  /** How long after its last sign a process counts as dead, in milliseconds. */
  leaseMs: number
}

const after = (ms: number) => sql`now() + ${ms} * interval '1 millisecond'`
/** Ids are unique, and a workspace never goes without saying. */
const isOneOf = (keys: readonly GenerationKey[]) =>
  and(
    inArray(generationTable.workspaceId, [...new Set(keys.map(({ workspaceId }) => workspaceId))]),
    inArray(
      generationTable.id,
      keys.map(({ id }) => id),
    ),
  )
const isActive = inArray(generationTable.status, [...ACTIVE_STATUSES])

export function createGenerationStore(options: GenerationStoreOptions): GenerationStore {
  const { database, log, queue, graceMs, leaseMs } = options

  return {
    insert: (generation) =>
      database.sql.transaction(async (transaction) => {
        const [row] = await transaction
          .insert(generationTable)
          .values({ ...generation, status: 'QUEUED', leaseExpiresAt: after(leaseMs), watchedUntil: after(graceMs) })
          .returning()
        await log.append(generation.workspaceId, generation.id, [{ type: 'started' }], { transaction })
        return row!
      }),

    async markRunning({ workspaceId, id }, timeToFirstTokenMs) {
      await database.sql
        .update(generationTable)
        .set({ status: 'RUNNING', timeToFirstTokenMs })
        .where(
          and(
            eq(generationTable.workspaceId, workspaceId),
            eq(generationTable.id, id),
            eq(generationTable.status, 'QUEUED'),
          ),
        )
    },

    finish: ({ workspaceId, id }, outcome, known) =>
      database.sql.transaction(async (transaction) => {
        const [row] = await transaction
          .select()
          .from(generationTable)
          .where(and(eq(generationTable.workspaceId, workspaceId), eq(generationTable.id, id), isActive))
          .for('update')
        if (row === undefined) return false
        // Closing the stream first: no delta can come behind the text that is read from it.
        await log.append(workspaceId, id, [lastEvent(outcome)], { transaction, isLast: true })
        const written = known ?? textOf(await log.read(workspaceId, id, { transaction }))
        const usage = outcome.status === 'COMPLETED' ? outcome.usage : null
        await transaction
          .update(generationTable)
          .set({
            ...usage,
            status: outcome.status,
            text: written.text,
            finishedAt: sql`clock_timestamp()`,
            durationMs: sql`greatest(0, extract(epoch from clock_timestamp() - ${generationTable.createdAt}) * 1000)::int`,
          })
          .where(and(eq(generationTable.workspaceId, workspaceId), eq(generationTable.id, id)))
        // A provider that was cut off says no counts: the deltas it sent are the best known.
        const counted = usage ?? { promptTokens: 0, completionTokens: written.deltaCount }
        if (outcome.status === 'COMPLETED' || counted.completionTokens > 0) {
          const message = {
            workspaceId,
            eventId: id,
            kind: 'GENERATION' as const,
            occurredAt: new Date().toISOString(),
            modelName: row.modelName,
            knowledgeBaseIds: [],
            promptTokens: counted.promptTokens,
            completionTokens: counted.completionTokens,
            retrievalMs: null,
          }
          await queue.send(usageRecorded, message, { transaction })
        }
        return true
      }),

    async findMany(workspaceId, ids) {
      // What is no id never reaches the database.
      const asked = ids.filter((id) => hasPrefix(id, 'gen'))
      if (asked.length === 0) return []
      return database.sql
        .select()
        .from(generationTable)
        .where(and(eq(generationTable.workspaceId, workspaceId), inArray(generationTable.id, asked)))
    },

    async hasEvents(workspaceId, id) {
      const rows = await database.sql
        .select({ id: stream.streamId })
        .from(stream)
        .where(and(eq(stream.workspaceId, workspaceId), eq(stream.streamId, id)))
      return rows.length > 0
    },

    textsSoFar: (workspaceId, ids) =>
      Promise.all(ids.map(async (id) => ({ id, text: textOf(await log.read(workspaceId, id)).text }))),

    async renew(running, watched) {
      const isWatched = watched.length === 0 ? sql`false` : isOneOf(watched)
      return database.sql
        .update(generationTable)
        .set({
          leaseExpiresAt: after(leaseMs),
          watchedUntil: sql`case when ${isWatched} then greatest(${generationTable.watchedUntil}, ${after(graceMs)}) else ${generationTable.watchedUntil} end`,
        })
        .where(and(isOneOf(running), isActive))
        .returning({
          id: generationTable.id,
          isUnwatched: sql<boolean>`not ${generationTable.isDetached} and ${generationTable.watchedUntil} < now()`,
        })
    },

    async touch(watched) {
      if (watched.length === 0) return
      await database.sql
        .update(generationTable)
        .set({ watchedUntil: after(graceMs) })
        .where(and(isOneOf(watched), isActive))
    },

    findAbandoned: (all) =>
      database.sql
        .select({ workspaceId: generationTable.workspaceId, id: generationTable.id })
        .from(generationTable)
        .where(and(isActive, all ? undefined : sql`${generationTable.leaseExpiresAt} < now()`)),
  }
}

function lastEvent(outcome: GenerationOutcome): GenerationEventPayload {
  if (outcome.status !== 'FAILED') return { type: 'completed' }
  const { code, message, isRetryable } = outcome
  return { type: 'failed', code, message, isRetryable }
}

function textOf(events: readonly StreamEvent<GenerationEventPayload>[]): WrittenText {
  const deltas = events.flatMap(({ payload }) => (payload.type === 'delta' ? [payload] : []))
  return { text: deltas.map(({ text }) => text).join(''), deltaCount: (deltas.at(-1)?.sequence ?? -1) + 1 }
}
