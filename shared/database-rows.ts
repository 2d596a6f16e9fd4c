// Rows of a table as plain JSON and back, page by page: what a program needs that carries tables from one database to another. Shapes follow from the
// table's own definition, so a new column travels without a word here.
import { and, count, eq, getTableColumns, sql, type SQL } from 'drizzle-orm'
import { getTableConfig, type AnyPgColumn, type PgTable } from 'drizzle-orm/pg-core'
import { z } from 'zod'
import { rowsOf, type SqlExecutor } from './database.ts'
import { TributaryError } from './errors.ts'

/** A table whose rows belong to workspaces. */
export type WorkspaceTable = PgTable & { workspaceId: AnyPgColumn }
type Row<Table extends PgTable> = Table['$inferSelect']
type KeyValue = string | number

export interface RowCodec<Table extends WorkspaceTable> {
  /** Plain JSON without the workspace. */
  toRecord(row: Row<Table>): Record<string, unknown>
  /** Throws a ZodError that names the column. */
  fromRecord(workspaceId: string, record: unknown): Row<Table>
}

export function rowCodec<Table extends WorkspaceTable>(table: Table): RowCodec<Table> {
  const columns = Object.entries(getTableColumns(table)).filter(([name]) => name !== 'workspaceId')
  const shape = z.strictObject(
    Object.fromEntries(
      columns.map(([name, column]) => {
        const value = valueSchema(column)
        return [name, column.notNull ? value : value.nullable()]
      }),
    ),
  )
  return {
    toRecord: (row) =>
      Object.fromEntries(
        columns.map(([name]) => {
          const value: unknown = (row as Record<string, unknown>)[name]
          return [name, value instanceof Date ? value.toISOString() : value]
        }),
      ),
    fromRecord: (workspaceId, record) => ({ ...shape.parse(record), workspaceId }),
  }
}

function valueSchema(column: { dataType: string; name: string }): z.ZodType {
  switch (column.dataType) {
    case 'string':
      return z.string()
    case 'number':
      return z.number()
    case 'boolean':
      return z.boolean()
    case 'date':
      return z.iso.datetime().transform((value) => new Date(value))
    case 'json':
      return z.json()
    case 'array':
      return z.array(z.union([z.string(), z.number()]))
    default:
      throw new TributaryError(
        'INTERNAL_SERVER_ERROR',
        `Column ${column.name} is of the kind ${column.dataType}, which has no form in JSON yet.`,
      )
  }
}

export interface ReadRowsOptions<Table extends WorkspaceTable> {
  table: Table
  workspaceId: string
  /** Unique within the workspace; rows come in this order. */
  key: readonly AnyPgColumn[]
  /** Begin behind the row with these values. */
  after: readonly KeyValue[] | null
  where?: SQL
  /** Rows held in memory at once. Default 200. */
  pageRows?: number
}

/** All rows of a workspace, in the order of their key, a page in memory at a time. */
export async function* readRows<Table extends WorkspaceTable>(
  database: SqlExecutor,
  options: ReadRowsOptions<Table>,
): AsyncGenerator<{ row: Row<Table>; position: KeyValue[] }> {
  const { table, workspaceId, key, where, pageRows = 200 } = options
  const anyTable: PgTable = table
  const names = key.map((column) => propertyOf(table, column))
  let { after } = options
  for (;;) {
    const behind =
      after === null ? undefined : sql`(${sql.join([...key], sql`, `)}) > (${sql.join(after.map(asValue), sql`, `)})`
    const rows = (await database
      .select()
      .from(anyTable)
      .where(and(eq(table.workspaceId, workspaceId), where, behind))
      .orderBy(...key)
      .limit(pageRows)) as Row<Table>[]
    for (const row of rows)
      yield { row, position: names.map((name) => (row as Record<string, unknown>)[name] as KeyValue) }
    if (rows.length < pageRows) return
    const last = rows.at(-1) as Record<string, unknown>
    after = names.map((name) => last[name] as KeyValue)
  }
}

/** Its type said, since a row of parameters has none. */
const asValue = (value: KeyValue): SQL => (typeof value === 'number' ? sql`${value}::bigint` : sql`${value}::text`)

export async function countRows(database: SqlExecutor, table: WorkspaceTable, workspaceId: string, where?: SQL) {
  const [found] = await database
    .select({ rows: count() })
    .from(table)
    .where(and(eq(table.workspaceId, workspaceId), where))
  return found!.rows
}

/** PostgreSQL takes 65,535. */
const PARAMETERS_PER_STATEMENT = 30_000

/** Stores rows under their keys, replacing those that are there. Throws IMPORT_CONFLICT when a key is a row of another workspace, and changes nothing of that row. */
export async function upsertRows<Table extends WorkspaceTable>(
  database: SqlExecutor,
  table: Table,
  rows: readonly Row<Table>[],
): Promise<void> {
  const columns = Object.entries(getTableColumns(table))
  const rowsPerStatement = Math.floor(PARAMETERS_PER_STATEMENT / columns.length)
  for (let from = 0; from < rows.length; from += rowsPerStatement)
    await upsertSome(database, table, rows.slice(from, from + rowsPerStatement))
}

async function upsertSome<Table extends WorkspaceTable>(
  database: SqlExecutor,
  table: Table,
  rows: readonly Row<Table>[],
): Promise<void> {
  const key = primaryKeyOf(table)
  const others = Object.entries(getTableColumns(table)).filter(([, column]) => !key.includes(column))
  const set = Object.fromEntries(
    others.map(([name, column]) => [name, sql`excluded.${sql.identifier(column.name)}`]),
  ) as Record<string, SQL>
  const stored = await database
    .insert(table as PgTable)
    .values(rows as Record<string, unknown>[])
    .onConflictDoUpdate({
      target: key,
      set,
      setWhere: sql`${table.workspaceId} = excluded.${sql.identifier(table.workspaceId.name)}`,
    })
    .returning({ workspaceId: table.workspaceId })
  if (stored.length < rows.length)
    throw new TributaryError(
      'IMPORT_CONFLICT',
      `What the archive holds (${getTableConfig(table).name.replaceAll('_', ' ')}) is in another workspace of this installation already. A workspace can be there once: import it into another installation.`,
    )
}

/** Differs whenever a row of one of the tables was added, changed or removed since: keys with the number of the transaction that wrote them. */
export async function fingerprintRows(
  database: SqlExecutor,
  workspaceId: string,
  tables: readonly WorkspaceTable[],
): Promise<string> {
  const sums: string[] = []
  for (const table of tables) {
    const key = sql.join(primaryKeyOf(table), sql`, `)
    const [found] = await rowsOf<{ sum: string }>(
      database,
      sql`select count(*)::text || ':' || coalesce(sum(hashtextextended(row(${key}, ${table}.xmin)::text, 0)::numeric), 0)::text as sum
        from ${table} where ${table.workspaceId} = ${workspaceId}`,
    )
    sums.push(found!.sum)
  }
  return sums.join(' ')
}

function primaryKeyOf(table: PgTable): AnyPgColumn[] {
  const { columns, primaryKeys } = getTableConfig(table)
  return primaryKeys[0]?.columns ?? columns.filter(({ primary }) => primary)
}

function propertyOf(table: PgTable, column: AnyPgColumn): string {
  const found = Object.entries(getTableColumns(table)).find(([, one]) => one === column)
  if (!found) throw new TributaryError('INTERNAL_SERVER_ERROR', `${column.name} is no column of the table.`)
  return found[0]
}
