// Which blobs are still needed. They are addressed by their content, so two documents may share one: a blob goes when no item and no
// upload refers to it any more. Who refers and who deletes hold the same lock on the key, so that no blob goes while it is taken.
import { and, eq, inArray, or, sql } from 'drizzle-orm'
import type { BlobStore } from '#shared/blob-store.ts'
import type { Database, SqlExecutor } from '#shared/database.ts'
import { itemTable, uploadTable } from './tables.ts'

export interface StoredBlobs {
  /** Stores bytes and returns their key. To be kept they must be held, or released when nothing came of them. */
  put(workspaceId: string, bytes: Uint8Array, signal?: AbortSignal): Promise<string>
  /** In the transaction that makes a row refer to the blob: from here on it stays. Stores the bytes again if they went meanwhile. */
  hold(workspaceId: string, bytes: Uint8Array, transaction: SqlExecutor): Promise<void>
  /** The same for bytes that only the store has; false when they went meanwhile. */
  holdStored(key: string, transaction: SqlExecutor): Promise<boolean>
  /** In the transaction that makes other rows refer to blobs that rows refer to now. */
  pass(keys: readonly string[], transaction: SqlExecutor): Promise<void>
  /** Deletes those of the blobs that nothing refers to. */
  release(workspaceId: string, keys: readonly (string | null)[]): Promise<void>
}

export function createStoredBlobs(options: { database: Database; blobs: BlobStore }): StoredBlobs {
  const { database, blobs } = options

  const lock = (transaction: SqlExecutor, key: string) =>
    transaction.execute(sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`)

  async function isNeeded(transaction: SqlExecutor, workspaceId: string, key: string): Promise<boolean> {
    const { sourceKey, elementsKey, contentKey } = itemTable
    const items = await transaction
      .select({ id: itemTable.id })
      .from(itemTable)
      .where(
        and(
          eq(itemTable.workspaceId, workspaceId),
          eq(itemTable.isDocumentDeleted, false),
          or(eq(sourceKey, key), eq(elementsKey, key), eq(contentKey, key)),
        ),
      )
      .limit(1)
    if (items.length > 0) return true
    const uploads = await transaction
      .select({ id: uploadTable.id })
      .from(uploadTable)
      .where(and(eq(uploadTable.workspaceId, workspaceId), eq(uploadTable.blobKey, key)))
      .limit(1)
    return uploads.length > 0
  }

  return {
    put: async (workspaceId, bytes, signal) => (await blobs.put(workspaceId, bytes, signal)).key,

    async hold(workspaceId, bytes, transaction) {
      const { key } = await blobs.put(workspaceId, bytes)
      await lock(transaction, key)
      // Between the two it may have gone with the last document that had it.
      await blobs.put(workspaceId, bytes)
    },

    async holdStored(key, transaction) {
      await lock(transaction, key)
      return blobs.has(key)
    },

    async pass(keys, transaction) {
      // Always in one order, so that two who pass the same blobs do not wait for each other.
      for (const key of [...new Set(keys)].sort()) await lock(transaction, key)
    },

    async release(workspaceId, keys) {
      for (const key of new Set(keys)) {
        if (key === null) continue
        await database.sql.transaction(async (transaction) => {
          await lock(transaction, key)
          if (!(await isNeeded(transaction, workspaceId, key))) await blobs.delete(key)
        })
      }
    },
  }
}

/** After the documents of these items were deleted: their blobs go, and the items forget them. Safe to repeat. */
export async function releaseItems(
  options: { database: SqlExecutor; storedBlobs: StoredBlobs },
  items: readonly {
    id: string
    workspaceId: string
    sourceKey: string | null
    elementsKey: string | null
    contentKey: string | null
  }[],
): Promise<void> {
  for (const [workspaceId, ofWorkspace] of Map.groupBy(items, (item) => item.workspaceId)) {
    await options.storedBlobs.release(
      workspaceId,
      ofWorkspace.flatMap(({ sourceKey, elementsKey, contentKey }) => [sourceKey, elementsKey, contentKey]),
    )
    await options.database
      .update(itemTable)
      .set({ sourceKey: null, elementsKey: null, contentKey: null })
      .where(
        and(
          eq(itemTable.workspaceId, workspaceId),
          inArray(
            itemTable.id,
            ofWorkspace.map((item) => item.id),
          ),
        ),
      )
  }
}
