// Durable messages that are still to be handled: work that was promised and is not done yet.
import { sql } from 'drizzle-orm'
import { rowsOf, type SqlExecutor } from './database.ts'

/** By the name of their queue; those of one workspace. Empty where there has been no queue yet. */
export async function countOpenMessages(database: SqlExecutor, workspaceId: string): Promise<Map<string, number>> {
  const [found] = await rowsOf<{ name: string | null }>(database, sql`select to_regclass('queue.job')::text as name`)
  if (!found?.name) return new Map()
  const rows = await rowsOf<{ name: string; messages: number }>(
    database,
    sql`select name, count(*)::integer as messages from queue.job
      where state in ('created', 'retry', 'active') and data ->> 'workspaceId' = ${workspaceId}
      group by name order by name`,
  )
  return new Map(rows.map(({ name, messages }) => [name, messages]))
}
