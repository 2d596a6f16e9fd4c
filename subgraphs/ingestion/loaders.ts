// One batch per entity type and operation, so that a list of documents with their jobs and steps costs the same few statements as one.
import DataLoader from 'dataloader'
import type { Connection, Page } from '#shared/graphql/connection.ts'
import { createLoader } from '#shared/graphql/loader.ts'
import { readItemOrder } from './page-order.ts'
import type { ItemName, ReadJobs } from './read-jobs.ts'
import type { ItemRow, JobRow, UploadRow } from './tables.ts'
import type { Uploads } from './uploads.ts'

export interface Loaders {
  upload: { load(id: string): Promise<UploadRow | null> }
  job: { load(id: string): Promise<JobRow | null> }
  item: { load(id: string): Promise<ItemRow | null> }
  itemOfDocument: { load(documentId: string): Promise<ItemRow | null> }
  /** A page of the items of a job; jobs asked for the same page share a statement. */
  itemsOfJob: { load(key: { jobId: string; page: Page }): Promise<Connection<ItemRow>> }
  /** The newest items with the name and in the knowledge base of this one, which may be among them. */
  itemsOfName: { load(item: ItemName): Promise<ItemRow[]> }
}

export const MOST_SAME_NAME_ITEMS = 20

export function createLoaders(workspaceId: string, useCases: { uploads: Uploads; readJobs: ReadJobs }): Loaders {
  const { uploads, readJobs } = useCases
  const byDocument = createLoader(async (ids) => {
    const items = await readJobs.findItemsByDocument(workspaceId, ids)
    return items.map((item) => ({ id: item.documentId, item }))
  })
  const itemsOfJob = new DataLoader<{ jobId: string; page: Page }, Connection<ItemRow>, string>(
    async (keys) => {
      const answers = new Map<string, Connection<ItemRow>>()
      for (const group of Map.groupBy(keys, ({ page }) => JSON.stringify(page)).values()) {
        const { page } = group[0]!
        const pages = await readJobs.itemsOfJobs(
          workspaceId,
          group.map(({ jobId }) => jobId),
          page,
        )
        for (const [jobId, connection] of pages) answers.set(keyOf({ jobId, page }), connection)
      }
      return keys.map((key) => answers.get(keyOf(key))!)
    },
    { cacheKeyFn: keyOf },
  )
  return {
    upload: createLoader((ids) => uploads.findMany(workspaceId, ids)),
    job: createLoader((ids) => readJobs.findJobs(workspaceId, ids)),
    item: createLoader((ids) => readJobs.findItems(workspaceId, ids)),
    itemOfDocument: { load: async (documentId) => (await byDocument.load(documentId))?.item ?? null },
    itemsOfJob: {
      // A cursor that is refused is so by itself, not with the jobs that share its batch.
      load: async (key) => {
        readItemOrder(key.page)
        return itemsOfJob.load(key)
      },
    },
    itemsOfName: new DataLoader<ItemName, ItemRow[], string>(
      async (names) => {
        const items = await readJobs.itemsOfNames(workspaceId, names, MOST_SAME_NAME_ITEMS + 1)
        const byName = Map.groupBy(items, nameKeyOf)
        return names.map((name) => byName.get(nameKeyOf(name)) ?? [])
      },
      { cacheKeyFn: nameKeyOf },
    ),
  }
}

const keyOf = ({ jobId, page }: { jobId: string; page: Page }): string => JSON.stringify([jobId, page])
const nameKeyOf = ({ knowledgeBaseId, name }: ItemName): string => JSON.stringify([knowledgeBaseId, name])
