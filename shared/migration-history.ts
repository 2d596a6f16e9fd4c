// Which migrations a database has had, beside those that this program brings. A database written by a newer release is left alone: its
// migrations are unknown here.
import { sql } from 'drizzle-orm'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { MigrateOptions, SqlExecutor } from './database.ts'
import { TributaryError } from './errors.ts'
import { rowsOf } from './sql-rows.ts'

/** Apart from the owners' schemas, which their own first migration creates. */
export const HISTORY_SCHEMA = 'migration_history'

export type MigrationState =
  | { kind: 'none'; pending: readonly string[] }
  | { kind: 'current'; last: string }
  | { kind: 'behind'; pending: readonly string[] }
  /** `databaseHas`, `programKnows`: what each of the two ends with, in words for people. */
  | { kind: 'newer'; databaseHas: string; programKnows: string }

interface JournalEntry {
  tag: string
  /** When it was written, in milliseconds since 1970; what the database remembers it by. */
  when: number
}

export async function readMigrationState(
  executor: SqlExecutor,
  { schema, folder }: MigrateOptions,
): Promise<MigrationState> {
  const journal = JSON.parse(await readFile(path.join(folder, 'meta/_journal.json'), 'utf8')) as {
    entries: JournalEntry[]
  }
  const known = journal.entries
  const applied = await readApplied(executor, schema)
  if (applied.length === 0) return { kind: 'none', pending: known.map(({ tag }) => tag) }
  const unknown = applied.filter((when) => known.every((entry) => entry.when !== when))
  if (unknown.length > 0)
    return {
      kind: 'newer',
      databaseHas: `${applied.length} migrations, the last of ${new Date(Math.max(...applied)).toISOString()}`,
      programKnows: `${known.length}, the last of ${new Date(Math.max(0, ...known.map(({ when }) => when))).toISOString()} (${known.at(-1)?.tag ?? 'none'})`,
    }
  const pending = known.filter(({ when }) => !applied.includes(when)).map(({ tag }) => tag)
  return pending.length > 0 ? { kind: 'behind', pending } : { kind: 'current', last: known.at(-1)!.tag }
}

/** Throws DATA_DIRECTORY_NEWER. */
export async function refuseNewerHistory(executor: SqlExecutor, options: MigrateOptions): Promise<void> {
  const state = await readMigrationState(executor, options)
  if (state.kind !== 'newer') return
  throw new TributaryError(
    'DATA_DIRECTORY_NEWER',
    `The database was written by a newer version of Tributary: its schema "${options.schema}" has had ${state.databaseHas}; this version knows ${state.programKnows}. Start that version, or use another data directory or database.`,
  )
}

async function readApplied(executor: SqlExecutor, schema: string): Promise<number[]> {
  const [table] = await rowsOf<{ name: string | null }>(
    executor,
    sql`select to_regclass(${`${HISTORY_SCHEMA}.${schema}`})::text as name`,
  )
  if (!table?.name) return []
  const rows = await rowsOf<{ created_at: string }>(
    executor,
    sql`select created_at::text from ${sql.identifier(HISTORY_SCHEMA)}.${sql.identifier(schema)}`,
  )
  return rows.map((row) => Number(row.created_at))
}
