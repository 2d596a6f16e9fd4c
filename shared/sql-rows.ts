// The rows of a raw statement, whichever driver is below.
import type { SQL } from 'drizzle-orm'
import type { SqlExecutor } from './database.ts'

/** Both drivers answer `{ rows }`. */
export async function rowsOf<Row>(executor: SqlExecutor, statement: SQL): Promise<Row[]> {
  const result: unknown = await executor.execute(statement)
  return (result as { rows: Row[] }).rows
}
