// Reading jobs and items, many at a time: one statement each, however many jobs a query names.
import { and, asc, desc, eq, getTableColumns, inArray, lt, lte, or, sql } from 'drizzle-orm'
import type { SqlExecutor } from '#shared/database.ts'
import { toConnection, type Connection, type Page } from '#shared/graphql/connection.ts'
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

export function createReadJobs(options: { database: SqlExecutor }): ReadJobs {
  const { database } = options
  const items = (workspaceId: string, isWanted: ReturnType<typeof eq>) =>
    database
      .select()
      .from(itemTable)
      .where(and(eq(itemTable.workspaceId, workspaceId), isWanted))

  return {
    async list(workspaceId, page) {
      const rows = await database
        .select()
        .from(jobTable)
        .where(
          and(
            eq(jobTable.workspaceId, workspaceId),
            page.after === null ? undefined : lt(jobTable.id, String(page.after[0])),
          ),
        )
        .orderBy(desc(jobTable.id))
        .limit(page.limit + 1)
      return toConnection(rows, page, (job) => [job.id])
    },

    findJobs: (workspaceId, ids) =>
      database
        .select()
        .from(jobTable)
        .where(and(eq(jobTable.workspaceId, workspaceId), inArray(jobTable.id, [...ids]))),

    findItems: (workspaceId, ids) => items(workspaceId, inArray(itemTable.id, [...ids])),
    findItemsByDocument: (workspaceId, documentIds) =>
      items(workspaceId, inArray(itemTable.documentId, [...documentIds])),

    async itemsOfJobs(workspaceId, jobIds, page) {
      const after = page.after === null ? 0 : Number(page.after[0])
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
