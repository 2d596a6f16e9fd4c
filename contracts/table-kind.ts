// A kind of records that are the rows of one table, as they are. Only what belongs to an installation is said anew: the workspace, and with it
// the keys of stored files, which begin with it.
import type { SQL } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { countRows, readRows, rowCodec, upsertRows, type WorkspaceTable } from '#shared/database-rows.ts'
import type { SqlExecutor } from '#shared/database.ts'
import type { ImportTarget, TransferredKind } from './workspace-archive.ts'

export interface TableKindOptions<Table extends WorkspaceTable> {
  kind: string
  database: SqlExecutor
  table: Table
  /** Unique within the workspace. */
  key: readonly AnyPgColumn[]
  where?: SQL
  /** Columns that hold keys of stored files. */
  blobColumns?: readonly (keyof Table['$inferSelect'] & string)[]
  /** Which of them travel with the row. By default all. */
  blobKeys?: (row: Table['$inferSelect']) => readonly (string | null)[]
  /** Says anew what is derived from the workspace. */
  relocate?: (row: Table['$inferSelect'], target: ImportTarget) => Table['$inferSelect']
}

export function tableKind<Table extends WorkspaceTable>(options: TableKindOptions<Table>): TransferredKind {
  const { kind, database, table, key, where, blobColumns = [], relocate = (row) => row } = options
  const codec = rowCodec(table)
  const withKeys = (record: Record<string, unknown>, change: (key: string) => string) => ({
    ...record,
    ...Object.fromEntries(
      blobColumns.map((name) => [name, typeof record[name] === 'string' ? change(record[name]) : record[name]]),
    ),
  })
  const blobKeysOf =
    options.blobKeys ?? ((row: Table['$inferSelect']) => blobColumns.map((name) => row[name] as string | null))

  return {
    kind,
    count: (workspaceId) => countRows(database, table, workspaceId, where),
    async *read(workspaceId, { after }) {
      const rows = readRows(database, { table, workspaceId, key, after, ...(where ? { where } : {}) })
      for await (const { row, position } of rows)
        yield {
          position,
          record: withKeys(codec.toRecord(row), (blobKey) => blobKey.slice(blobKey.indexOf('/') + 1)),
          blobKeys: blobKeysOf(row).filter((blobKey) => blobKey !== null),
        }
    },
    async write(target, records) {
      const { workspaceId } = target
      const rows = records.map((record) => {
        const row = codec.fromRecord(workspaceId, record)
        return relocate(
          withKeys(row, (sha256) => `${workspaceId}/${sha256}`),
          target,
        )
      })
      await upsertRows(database, table, rows)
    },
  }
}
