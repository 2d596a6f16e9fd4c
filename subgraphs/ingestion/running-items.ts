// Which items this process works on right now, so that a cancelled job stops work that has begun. The cancelling process only writes the
// rows and notifies; whoever works on the items ends it here, extraction process included.
import { and, eq, inArray } from 'drizzle-orm'
import type { Database } from '#shared/database.ts'
import { TributaryError } from '#shared/errors.ts'
import { itemTable } from './tables.ts'

export const CANCEL_CHANNEL = 'ingestion_cancel'

export interface RunningItems {
  /** The signal aborts when the item is cancelled; disposing says that the work has ended. */
  start(itemId: string): { signal: AbortSignal } & Disposable
  close(): Promise<void>
}

export async function createRunningItems(options: { database: Database }): Promise<RunningItems> {
  const { database } = options
  const running = new Map<string, Set<AbortController>>()

  /** Asks the rows, not the notification: one may be lost, and a job has many items. */
  async function abortEnded(): Promise<void> {
    if (running.size === 0) return
    const ended = await database.sql
      .select({ id: itemTable.id })
      .from(itemTable)
      .where(and(inArray(itemTable.id, [...running.keys()]), eq(itemTable.status, 'CANCELLED')))
    for (const { id } of ended) {
      for (const controller of running.get(id) ?? [])
        controller.abort(new TributaryError('CANCELLED', 'The item was cancelled.'))
    }
  }

  const wake = () => void abortEnded().catch(() => undefined)
  const listener = await database.listen(CANCEL_CHANNEL, wake, wake)
  return {
    start(itemId) {
      const controller = new AbortController()
      const controllers = running.get(itemId) ?? new Set()
      running.set(itemId, controllers.add(controller))
      return {
        signal: controller.signal,
        [Symbol.dispose]() {
          controllers.delete(controller)
          if (controllers.size === 0 && running.get(itemId) === controllers) running.delete(itemId)
        },
      }
    },
    close: () => listener.close(),
  }
}
