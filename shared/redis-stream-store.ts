// Streams in Redis, by workspace and id: keys, the scripts on them, and what this process remembers of them, by which it finds out when
// Redis has lost something that it had acknowledged.
import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { RedisConnection } from './redis-connection.ts'
import type { AppendReply, AppendRequest, ReadReply, StreamKeys } from './redis-stream-scripts.ts'
import { streamKeyOf } from './stream-log.ts'

/** What every key begins with, unless it is told otherwise. */
export const KEY_PREFIX = 'tributary'
const PAGE_SIZE = 500
/** A page ends behind the event that reaches this, so that large payloads make short pages. */
const PAGE_BYTES = 1024 ** 2
/** Streams that this process remembers having appended to: the last ones. */
const REMEMBERED_STREAMS = 50_000
/** A seal on a stream that never began is gone after this. */
const SEAL_LIFETIME_MS = 3_600_000

export interface RedisStreamStoreOptions {
  connection: RedisConnection
  /** What every key begins with. */
  prefix: string
  schema: string
  maximumLength: number
  closedLifetimeMs: number
}

export interface RedisStreamStore {
  keysOf(workspaceId: string, streamId: string): StreamKeys
  append(
    keys: StreamKeys,
    payloads: readonly string[],
    how: Pick<AppendRequest, 'outbox' | 'isLast' | 'first' | 'liftedSeal'> & {
      /** At least so many events must be there. */
      leastSequence: number
    },
  ): Promise<AppendReply>
  /** What comes behind `after`, a bounded page. */
  readPage(keys: StreamKeys, after: number): Promise<ReadReply>
  seal(keys: StreamKeys): Promise<void>
  remove(keys: readonly StreamKeys[]): Promise<void>
  /** Changes when the data of Redis are others than before. */
  epoch(): Promise<string | null>
}

export function createRedisStreamStore(options: RedisStreamStoreOptions): RedisStreamStore {
  const { connection, prefix, schema, maximumLength, closedLifetimeMs } = options
  const remembered = new LRUCache<string, { incarnation: string; lastSequence: number }>({ max: REMEMBERED_STREAMS })

  return {
    keysOf(workspaceId, streamId) {
      const key = streamKeyOf(workspaceId, streamId)
      const name = `${prefix}:${schema}:${key}`
      return {
        state: `${name}:state`,
        entries: `${name}:entries`,
        channel: `${prefix}:${schema}:wake:${key}`,
      }
    },

    async append(keys, payloads, { outbox, isLast, first, liftedSeal, leastSequence }) {
      const before = remembered.get(keys.state)
      const known =
        before === undefined
          ? { incarnation: null, lastSequence: leastSequence }
          : { ...before, lastSequence: Math.max(before.lastSequence, leastSequence) }
      const newIncarnation = randomUUID()
      const reply = await connection.run((client) =>
        client.appendEvents({
          keys,
          payloads,
          isLast,
          first,
          outbox,
          known,
          liftedSeal,
          newIncarnation,
          maximumLength,
          closedLifetimeMs,
        }),
      )
      if (reply.outcome === 'appended') {
        const { incarnation, lastSequence } = reply
        const latest = remembered.get(keys.state)
        // Replies come in the order of their scripts, those of relayed rows excepted.
        if (latest?.incarnation !== incarnation || latest.lastSequence < lastSequence)
          remembered.set(keys.state, { incarnation, lastSequence })
      }
      return reply
    },

    readPage: (keys, after) => connection.run((client) => client.readEvents(keys, after, PAGE_SIZE, PAGE_BYTES)),

    async seal(keys) {
      await connection.run((client) => client.sealStream(keys, randomUUID(), SEAL_LIFETIME_MS))
    },

    async remove(removed) {
      for (const { state } of removed) remembered.delete(state)
      const names = removed.flatMap(({ state, entries }) => [state, entries])
      for (let index = 0; index < names.length; index += 1000)
        await connection.run((client) => client.unlink(names.slice(index, index + 1000)))
    },

    async epoch() {
      const name = `${prefix}:${schema}:epoch`
      const present = await connection.run((client) => client.get(name))
      if (present !== null) return present
      await connection.run((client) => client.set(name, randomUUID(), { condition: 'NX' }))
      return connection.run((client) => client.get(name))
    },
  }
}
