// What models were used for, in buckets of time. Only work that a model did is counted: generations, embeddings, rerankings. Searches and
// answers say what they used too, but their models' work is among those already.
import { sql } from 'drizzle-orm'
import { rowsOf, type SqlExecutor } from '#shared/database.ts'
import { TributaryError } from '#shared/errors.ts'

export const usageIntervals = ['HOUR', 'DAY', 'MONTH'] as const
export type UsageInterval = (typeof usageIntervals)[number]

export interface UsageBucket {
  start: Date
  modelName: string | null
  requestCount: number
  promptTokens: number
  completionTokens: number
}

export interface UsageRange {
  /** Inclusive. */
  from: Date
  /** Exclusive. */
  to: Date
  interval: UsageInterval
}

/** Oldest first, then by model; buckets without use are left out. Throws BAD_USER_INPUT for an empty or too long range. */
export type ReadUsage = (workspaceId: string, range: UsageRange) => Promise<UsageBucket[]>

const BUCKETS_MAXIMUM = 10_000

/** By its number: PostgreSQL does not read the year 0000, in which dates may be written. */
const moment = (date: Date) => sql`to_timestamp(${date.getTime() / 1000}::float8)`

export function createReadUsage(options: { database: SqlExecutor; maximumBuckets?: number }): ReadUsage {
  const { database, maximumBuckets = BUCKETS_MAXIMUM } = options
  return async (workspaceId, { from, to, interval }) => {
    if (from >= to) {
      throw new TributaryError('BAD_USER_INPUT', 'The argument "to" is not after "from"; pass a later time.', {
        path: ['to'],
      })
    }
    // A bucket is whole or cut by the range, never counted beyond it. Totals stay exact in a double up to 2^53.
    const buckets = await rowsOf<Omit<UsageBucket, 'start'> & { startMs: number }>(
      database,
      sql`select (extract(epoch from start) * 1000)::float8 as "startMs", model_name as "modelName",
          count(*)::float8 as "requestCount", sum(prompt_tokens)::float8 as "promptTokens",
          sum(completion_tokens)::float8 as "completionTokens"
        from (
          select date_trunc(${interval.toLowerCase()}, occurred_at, 'UTC') as start, model_name, prompt_tokens, completion_tokens
          from metrics.usage_event
          where workspace_id = ${workspaceId} and kind in ('GENERATION', 'EMBEDDING', 'RERANK')
            and occurred_at >= ${moment(from)} and occurred_at < ${moment(to)}
        ) event
        group by start, model_name order by start, model_name collate "C" limit ${maximumBuckets + 1}`,
    )
    if (buckets.length > maximumBuckets) {
      throw new TributaryError(
        'BAD_USER_INPUT',
        `The range holds more than ${maximumBuckets} buckets; pass a shorter range or a longer interval.`,
        { path: ['from'] },
      )
    }
    return buckets.map(({ startMs, ...bucket }) => ({ ...bucket, start: new Date(startMs) }))
  }
}
