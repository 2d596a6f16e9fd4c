// How knowledge bases are used and how fast they answer, over the last 30 days: one statement for as many as a query names.
import { sql } from 'drizzle-orm'
import { rowsOf, type SqlExecutor } from '#shared/database.ts'
import { hasPrefix } from '#shared/ids.ts'

export interface KnowledgeBaseMetrics {
  /** Of the knowledge base. */
  id: string
  searchCount: number
  answerCount: number
  /** In milliseconds; null when nothing was measured. */
  retrievalLatencyMs: { p50: number; p95: number; p99: number } | null
}

/** One for each id in the same order; zeros for a knowledge base that was not used, or is not the workspace's. */
export type ReadKnowledgeBaseMetrics = (workspaceId: string, ids: readonly string[]) => Promise<KnowledgeBaseMetrics[]>

const PERIOD_MS = 30 * 24 * 3600 * 1000

export function createReadKnowledgeBaseMetrics(options: {
  database: SqlExecutor
  now?: () => Date
}): ReadKnowledgeBaseMetrics {
  const { database, now = () => new Date() } = options
  return async (workspaceId, ids) => {
    // What is no id never reaches the database.
    const asked = ids.filter((id) => hasPrefix(id, 'kb'))
    const since = new Date(now().getTime() - PERIOD_MS)
    const rows =
      asked.length === 0
        ? []
        : await rowsOf<{ id: string; searchCount: number; answerCount: number; percentiles: number[] | null }>(
            database,
            // Between two measurements percentile_cont interpolates linearly.
            sql`select knowledge_base_id as id,
                (count(*) filter (where kind = 'SEARCH'))::float8 as "searchCount",
                (count(*) filter (where kind = 'ANSWER'))::float8 as "answerCount",
                percentile_cont(array[0.5, 0.95, 0.99]) within group (order by retrieval_ms) as percentiles
              from metrics.knowledge_base_usage
              where workspace_id = ${workspaceId} and occurred_at >= ${since.toISOString()}::timestamptz
                and knowledge_base_id in (select jsonb_array_elements_text(${JSON.stringify(asked)}::jsonb))
              group by knowledge_base_id`,
          )
    const found = new Map(rows.map((row) => [row.id, row]))
    return ids.map((id) => {
      const { searchCount = 0, answerCount = 0, percentiles = null } = found.get(id) ?? {}
      const [p50, p95, p99] = percentiles ?? []
      const isMeasured = p50 !== undefined && p95 !== undefined && p99 !== undefined
      return { id, searchCount, answerCount, retrievalLatencyMs: isMeasured ? { p50, p95, p99 } : null }
    })
  }
}
