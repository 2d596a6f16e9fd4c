// Takes rows of the outbox to Redis: each at least once, in the order of each stream, and to the same effect as once, since the script in Redis
// knows the last row it has applied. A row is deleted only when it is there.
import { LRUCache } from 'lru-cache'
import type { SqlExecutor } from './database.ts'
import type { StreamKeys } from './redis-stream-scripts.ts'
import type { RedisStreamStore } from './redis-stream-store.ts'
import type { OutboxRow, StreamOutbox } from './stream-outbox.ts'

/** How old a row of another process is before it counts as left behind. */
const LEFT_BEHIND_MS = 2_000
const BATCH_SIZE = 100
/** Streams with own rows that are on their way. */
const PENDING_STREAMS = 50_000

export interface OutboxRelay {
  /** Adds a row. Answers whether the stream was open. */
  add(executor: SqlExecutor, row: Parameters<StreamOutbox['add']>[1]): Promise<boolean>
  /** Whether a row of this process may not be in Redis yet. */
  isPending(keys: StreamKeys): boolean
  /** Relays what there is to relay, soon. */
  relaySoon(): void
  /** After it everything that transactions have appended to the stream, as far as they have ended, is in Redis. */
  settle(workspaceId: string, streamId: string): Promise<void>
  /** Relays what can be had at once. */
  close(): Promise<void>
}

export function createOutboxRelay(options: {
  outbox: StreamOutbox
  store: RedisStreamStore
  onError: (error: unknown) => void
}): OutboxRelay {
  const { outbox, store, onError } = options
  /** The id of the last own row, by stream. */
  const pending = new LRUCache<string, number>({ max: PENDING_STREAMS })
  let isClosed = false
  let relaying: Promise<void> | null = null
  let isAskedAgain = false

  /** Rows of one stream. */
  async function relay(rows: readonly OutboxRow[]): Promise<void> {
    for (const { id, workspaceId, streamId, precedingCount, payloads, isLast, occurredAtMs } of rows) {
      const keys = store.keysOf(workspaceId, streamId)
      // Lost: nothing more can be told of the stream. Its followers are told so, and what the event tells of is in PostgreSQL.
      await store.append(
        keys,
        payloads.map((payload) => JSON.stringify(payload)),
        { outbox: { id, occurredAtMs }, isLast, first: null, liftedSeal: null, leastSequence: precedingCount },
      )
      await outbox.remove([id])
      if ((pending.get(keys.state) ?? 0) <= id) pending.delete(keys.state)
    }
  }

  async function relayAll(): Promise<void> {
    for (;;) {
      const rows = await outbox.rowsToRelay(LEFT_BEHIND_MS, BATCH_SIZE)
      const ofStreams = Map.groupBy(rows, ({ workspaceId, streamId }) => store.keysOf(workspaceId, streamId).state)
      const outcomes = await Promise.allSettled([...ofStreams.values()].map(relay))
      const failed = outcomes.find((outcome) => outcome.status === 'rejected')
      if (failed) throw failed.reason
      if (rows.length < BATCH_SIZE) return
    }
  }

  function relaySoon(): void {
    if (isClosed) return
    if (relaying) {
      isAskedAgain = true
      return
    }
    isAskedAgain = false
    relaying = relayAll()
      .catch(onError)
      .then(() => {
        relaying = null
        if (isAskedAgain) relaySoon()
      })
  }

  return {
    async add(executor, row) {
      const id = await outbox.add(executor, row)
      if (id === null) return false
      pending.set(store.keysOf(row.workspaceId, row.streamId).state, id)
      return true
    },

    isPending: (keys) => pending.has(keys.state),
    relaySoon,

    async settle(workspaceId, streamId) {
      const { state } = store.keysOf(workspaceId, streamId)
      const awaited = pending.get(state)
      await outbox.waitForTransactions(workspaceId, streamId)
      await relay(await outbox.rowsOfStream(workspaceId, streamId))
      // Still there when its transaction was rolled back.
      if (awaited !== undefined && pending.get(state) === awaited) pending.delete(state)
    },

    async close() {
      isClosed = true
      await relaying
      await relayAll().catch(onError)
    },
  }
}
