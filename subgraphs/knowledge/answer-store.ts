// The stored side of an answer. Every change of a running answer goes through the lease of whoever runs it: a process that was thought dead
// and comes back changes nothing any more, because its lease has another owner by then.
import { and, asc, desc, eq, inArray, lt, sql } from 'drizzle-orm'
import type { Database, SqlExecutor } from '#shared/database.ts'
import { TributaryError } from '#shared/errors.ts'
import { toConnection, type Connection, type Page } from '#shared/graphql/connection.ts'
import type { StreamLog } from '#shared/stream-log.ts'
import type { AnswerEventPayload } from './answer-events.ts'
import { readIdOrder } from './page-order.ts'
import {
  answerCitationTable,
  answerSourceTable,
  answerTable,
  streamTable,
  type AnswerCitationRow,
  type AnswerRow,
  type AnswerSourceRow,
} from './tables.ts'

import { wellFormed } from './well-formed.ts'

/** Longest silence of a running process before its answers are taken over, in milliseconds; renewed every second. */
export const LEASE_MS = 3000

export type NewAnswer = Pick<
  AnswerRow,
  'id' | 'workspaceId' | 'question' | 'conversation' | 'knowledgeBaseIds' | 'mode' | 'modelName' | 'maxSources'
> & { isDetached: boolean; leaseOwner: string }

export interface AnswerChange {
  set?: Partial<AnswerRow>
  /** Text to add at the end. */
  text?: string
  sources?: AnswerSourceRow[]
  citations?: AnswerCitationRow[]
  events: AnswerEventPayload[]
  /** True with the terminal event. */
  isLast?: boolean
  /** Sends durable messages with the change, about the answer as it is after it. */
  also?: (transaction: SqlExecutor, changed: AnswerRow) => Promise<void>
}

export interface AnswerStore {
  insert(answer: NewAnswer): Promise<AnswerRow>
  /** Throws PROCESS_DIED when the lease has another owner or the answer has ended. */
  change(answer: AnswerRow, change: AnswerChange): Promise<AnswerRow>
  /** Renews the lease and tells what others want; null when it is lost. */
  renew(answer: AnswerRow): Promise<{ isCancelRequested: boolean; unwatchedMs: number } | null>
  /** Lets others take the answer over at once. */
  release(answer: AnswerRow): Promise<void>
  /** Takes up to `limit` answers whose process is silent. */
  claimAbandoned(leaseOwner: string, exceptIds: readonly string[], limit: number): Promise<AnswerRow[]>
  /** For the only process on the stores: whatever is RUNNING has no process. */
  abandonAll(): Promise<void>
  requestCancel(workspaceId: string, id: string): Promise<AnswerRow | null>
  /** Whether its events are still kept. */
  hasEvents(workspaceId: string, id: string): Promise<boolean>
  touchWatched(ids: readonly string[]): Promise<void>
  findMany(workspaceId: string, ids: readonly string[]): Promise<AnswerRow[]>
  /** Newest first. */
  list(workspaceId: string, page: Page): Promise<Connection<AnswerRow>>
  sourcesOf(workspaceId: string, answerIds: readonly string[]): Promise<AnswerSourceRow[]>
  citationsOf(workspaceId: string, answerIds: readonly string[]): Promise<AnswerCitationRow[]>
}

const leaseEnd = sql`now() + ${`${LEASE_MS} milliseconds`}::interval`

export function createAnswerStore(options: { database: Database; log: StreamLog<AnswerEventPayload> }): AnswerStore {
  const { database, log } = options
  const table = answerTable
  const running = (answer: AnswerRow) =>
    and(
      eq(table.workspaceId, answer.workspaceId),
      eq(table.id, answer.id),
      eq(table.leaseOwner, answer.leaseOwner),
      eq(table.status, 'RUNNING'),
    )

  return {
    async insert(answer) {
      const [row] = await database.sql
        .insert(table)
        .values({ ...answer, status: 'RUNNING', leaseExpiresAt: leaseEnd })
        .returning()
      return row!
    },

    change: (answer, change) =>
      database.sql.transaction(async (transaction) => {
        const [row] = await transaction
          .update(table)
          .set({
            ...change.set,
            ...(change.text === undefined ? {} : { text: sql`${table.text} || ${change.text}` }),
            leaseExpiresAt: leaseEnd,
          })
          .where(running(answer))
          .returning()
        if (!row) throw leaseLost()
        if (change.sources?.length) await transaction.insert(answerSourceTable).values(change.sources)
        if (change.citations?.length) await transaction.insert(answerCitationTable).values(change.citations)
        await change.also?.(transaction, row)
        const { workspaceId, id } = answer
        await log.append(workspaceId, id, change.events, { transaction, isLast: change.isLast ?? false })
        return row
      }),

    async renew(answer) {
      const [row] = await database.sql
        .update(table)
        .set({ leaseExpiresAt: leaseEnd })
        .where(running(answer))
        .returning({
          cancelRequestedAt: table.cancelRequestedAt,
          unwatchedMs: sql<number>`(extract(epoch from clock_timestamp() - ${table.watchedAt}) * 1000)::int`,
        })
      return row ? { isCancelRequested: row.cancelRequestedAt !== null, unwatchedMs: row.unwatchedMs } : null
    },

    async release(answer) {
      await database.sql
        .update(table)
        .set({ leaseExpiresAt: sql`now()` })
        .where(running(answer))
    },

    async claimAbandoned(leaseOwner, exceptIds, limit) {
      const abandoned = database.sql
        .select({ id: table.id })
        .from(table)
        .where(
          and(
            eq(table.status, 'RUNNING'),
            lt(table.leaseExpiresAt, sql`now()`),
            exceptIds.length === 0 ? undefined : sql`${table.id} <> all(${sql.param([...exceptIds])}::text[])`,
          ),
        )
        .orderBy(asc(table.id))
        .limit(limit)
        .for('update', { skipLocked: true })
      return database.sql
        .update(table)
        .set({ leaseOwner, leaseExpiresAt: leaseEnd })
        .where(inArray(table.id, abandoned))
        .returning()
    },

    async abandonAll() {
      await database.sql
        .update(table)
        .set({ leaseExpiresAt: sql`now() - interval '1 second'` })
        .where(eq(table.status, 'RUNNING'))
    },

    async requestCancel(workspaceId, id) {
      const [row] = await database.sql
        .update(table)
        .set({ cancelRequestedAt: sql`coalesce(${table.cancelRequestedAt}, now())` })
        .where(and(eq(table.workspaceId, workspaceId), eq(table.id, id)))
        .returning()
      return row ?? null
    },

    async hasEvents(workspaceId, id) {
      const rows = await database.sql
        .select({ id: streamTable.streamId })
        .from(streamTable)
        .where(and(eq(streamTable.workspaceId, workspaceId), eq(streamTable.streamId, id)))
      return rows.length > 0
    },

    async touchWatched(ids) {
      if (ids.length === 0) return
      await database.sql
        .update(table)
        .set({ watchedAt: sql`clock_timestamp()` })
        .where(and(inArray(table.id, [...ids]), eq(table.status, 'RUNNING')))
    },

    findMany: (workspaceId, ids) =>
      database.sql
        .select()
        .from(table)
        .where(and(eq(table.workspaceId, workspaceId), inArray(table.id, wellFormed(ids, 'ans')))),

    async list(workspaceId, page) {
      const after = readIdOrder(page)
      const rows = await database.sql
        .select()
        .from(table)
        .where(and(eq(table.workspaceId, workspaceId), after === null ? undefined : lt(table.id, after)))
        .orderBy(desc(table.id))
        .limit(page.limit + 1)
      return toConnection(rows, page, (row) => [row.id])
    },

    sourcesOf: (workspaceId, answerIds) =>
      database.sql
        .select()
        .from(answerSourceTable)
        .where(and(eq(answerSourceTable.workspaceId, workspaceId), inArray(answerSourceTable.answerId, [...answerIds])))
        .orderBy(asc(answerSourceTable.marker)),

    citationsOf: (workspaceId, answerIds) =>
      database.sql
        .select()
        .from(answerCitationTable)
        .where(
          and(eq(answerCitationTable.workspaceId, workspaceId), inArray(answerCitationTable.answerId, [...answerIds])),
        )
        .orderBy(asc(answerCitationTable.ordinal)),
  }
}

export const leaseLost = () => new TributaryError('PROCESS_DIED', 'The answer ended, or another process took it over.')
