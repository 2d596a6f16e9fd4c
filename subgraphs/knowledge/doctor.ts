// What knowledge depends on, for `tributary doctor`.
import { sql } from 'drizzle-orm'
import { fileURLToPath } from 'node:url'
import { rowsOf } from '#shared/database.ts'
import type { Check, DoctorContext } from '../../contracts/doctor.ts'
import { migrationsCheck } from '../../contracts/migrations-check.ts'

export function knowledgeChecks(context: DoctorContext): Check[] {
  const folder = fileURLToPath(new URL('./migrations', import.meta.url))
  return [migrationsCheck(context, { schema: 'knowledge', folder })]
}

/** Names of the models that knowledge bases were embedded with, without which they are searched by words only. Null when they cannot be known. */
export async function readEmbeddingModelNames(context: DoctorContext): Promise<string[] | null> {
  const database = await context.database()
  if (!database) return null
  const [table] = await rowsOf<{ name: string | null }>(
    database.sql,
    sql`select to_regclass('knowledge.knowledge_base')::text as name`,
  )
  if (!table?.name) return []
  const rows = await rowsOf<{ name: string }>(
    database.sql,
    sql`select distinct embedding_model_name as name from knowledge.knowledge_base
        where embedding_model_name is not null order by 1`,
  )
  return rows.map(({ name }) => name)
}
