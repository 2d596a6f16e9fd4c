// Reading jobs and items, many at a time: one statement each, however many jobs a query names. Ids and cursors come from callers.
import { and, asc, desc, eq, getTableColumns, inArray, lt, lte, or, sql } from 'drizzle-orm'
import type { SqlExecutor } from '#shared/database.ts'
import { toConnection, type Connection, type Page } from '#shared/graphql/connection.ts'
import { hasPrefix } from '#shared/ids.ts'
import { readItemOrder, readJobOrder } from './page-order.ts'
import { itemTable, jobTable, type ItemRow, type JobRow } from './tables.ts'

export interface ReadJobs {
  /** Newest first. */
  list(workspaceId: string, page: Page): Promise<Connection<JobRow>>
  findJobs(workspaceId: string, ids: readonly string[]): Promise<JobRow[]>
  findItems(workspaceId: string, ids: readonly string[]): Promise<ItemRow[]>
  findItemsByDocument(workspaceId: string, documentIds: readonly string[]): Promise<ItemRow[]>
  /** The same page of items of each job, in the order given. */
  itemsOfJobs(workspaceId: string, jobIds: readonly string[], page: Page): Promise<Map<string, Connection<ItemRow>>>
  /** Under each of these names, the newest items that became documents which are still there; `limit` of each. */
  itemsOfNames(workspaceId: string, names: readonly ItemName[], limit: number): Promise<ItemRow[]>
}

export type ItemName = Pick<ItemRow, 'knowledgeBaseId' | 'name'>

/** What is no id never reaches the database. */
const only = (prefix: string, ids: readonly string[]) => ids.filter((id) => hasPrefix(id, prefix))

export function createReadJobs(options: { database: SqlExecutor }): ReadJobs {
  const { database } = options
  const findItems = async (
    workspaceId: string,
    column: typeof itemTable.id | typeof itemTable.documentId,
    ids: readonly string[],
  ): Promise<ItemRow[]> =>
    ids.length === 0
      ? []
      : database
          .select()
          .from(itemTable)
          .where(and(eq(itemTable.workspaceId, workspaceId), inArray(column, [...ids])))

  return {
    async list(workspaceId, page) {
      const after = readJobOrder(page)
      const rows = await database
        .select()
        .from(jobTable)
        .where(and(eq(jobTable.workspaceId, workspaceId), after === null ? undefined : lt(jobTable.id, after)))
        .orderBy(desc(jobTable.id))
        .limit(page.limit + 1)
      return toConnection(rows, page, (job) => [job.id])
    },

    async findJobs(workspaceId, ids) {
      const asked = only('job', ids)
      if (asked.length === 0) return []
      return database
        .select()
        .from(jobTable)
        .where(and(eq(jobTable.workspaceId, workspaceId), inArray(jobTable.id, asked)))
    },

    findItems: (workspaceId, ids) => findItems(workspaceId, itemTable.id, only('item', ids)),
    findItemsByDocument: (workspaceId, ids) => findItems(workspaceId, itemTable.documentId, only('doc', ids)),

    async itemsOfJobs(workspaceId, jobIds, page) {
      const after = readItemOrder(page)
      // Ordinals have no gaps, so a page is a range of them.
      const rows = await database
        .select()
        .from(itemTable)
        .where(
          and(
            eq(itemTable.workspaceId, workspaceId),
            inArray(itemTable.jobId, [...jobIds]),
            sql`${itemTable.ordinal} > ${after} and ${itemTable.ordinal} <= ${after + page.limit + 1}`,
          ),
        )
        .orderBy(asc(itemTable.jobId), asc(itemTable.ordinal))
      const byJob = Map.groupBy(rows, (item) => item.jobId)
      return new Map(jobIds.map((id) => [id, toConnection(byJob.get(id) ?? [], page, (item) => [item.ordinal])]))
    },

    async itemsOfNames(workspaceId, names, limit) {
      const { knowledgeBaseId, name, id, status, isDocumentDeleted } = itemTable
      const place = sql<number>`row_number() over (partition by ${knowledgeBaseId}, ${name} order by ${id} desc)`
      const ranked = database
        .select({ ...getTableColumns(itemTable), place: place.as('place') })
        .from(itemTable)
        .where(
          and(
            eq(itemTable.workspaceId, workspaceId),
            eq(status, 'SUCCEEDED'),
            eq(isDocumentDeleted, false),
            or(...names.map((wanted) => and(eq(knowledgeBaseId, wanted.knowledgeBaseId), eq(name, wanted.name)))),
          ),
        )
        .as('ranked')
      return database.select().from(ranked).where(lte(ranked.place, limit)).orderBy(desc(ranked.id))
    },
  }
}
