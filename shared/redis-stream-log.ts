// The stream log on Redis or Valkey (6.2 or newer): events are in Redis streams, and PostgreSQL keeps what has to be one with a transaction.
//
// A direct append is one script in Redis. An append in a transaction is a row of the outbox, relayed right after the commit by this process, or
// by any other of the schema when this one died (stream-outbox.ts). Closing is always such a row: PostgreSQL knows which streams are
// closed. While the closing transaction is open, the stream is sealed in Redis: direct appends wait for its end and ask PostgreSQL.
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Database } from './database.ts'
import { assertNever, TributaryError } from './errors.ts'
import { createFollowers } from './follow-stream.ts'
import { createOutboxRelay } from './redis-outbox-relay.ts'
import { openRedisConnection } from './redis-connection.ts'
import type { ReadReply } from './redis-stream-scripts.ts'
import { createRedisStreamStore, KEY_PREFIX } from './redis-stream-store.ts'
import { openWakeUps } from './redis-wake-ups.ts'
import {
  eventsGone,
  formatCursor,
  otherEvents,
  serialisePayloads,
  type StreamEvent,
  type StreamLog,
} from './stream-log.ts'
import { createStreamOutbox } from './stream-outbox.ts'

/** What a lost wake-up costs whose connection was not lost. */
const POLL_MS = 30_000
/** How often it is looked for rows that were left behind, and for lost data. */
const TICK_MS = 1_000
/** Between two questions whether Redis is back. */
const RETRY_MS = 200

export interface RedisStreamLogOptions {
  /** Holds the outbox and which streams are closed. */
  database: Database
  /** SQL schema that holds the tables, and part of every key. */
  schema: string
  /** `redis://user:password@host:port/database`, or `rediss://` for TLS. */
  url: string
  /** What every key begins with. Default `tributary`. */
  prefix?: string
  /** A stream is cut to its newest events, roughly so many (`MAXLEN ~`). Default 100,000. */
  maximumLength?: number
  /** Closed streams expire by themselves after this, in milliseconds, if `expire` did not delete them before. Default 31 days. */
  closedLifetimeMs?: number
  /** Called when relaying fails; it is tried again every second. */
  onError?: (error: unknown) => void
}

/** Throws UPSTREAM_UNAVAILABLE or CONFIGURATION_INVALID when Redis cannot be used. */
export async function createRedisStreamLog<Payload>(options: RedisStreamLogOptions): Promise<StreamLog<Payload>> {
  const { database, schema, url, prefix = KEY_PREFIX, maximumLength = 100_000, onError = () => undefined } = options
  const closedLifetimeMs = options.closedLifetimeMs ?? 31 * 24 * 3_600_000
  const opened = new AsyncDisposableStack()
  try {
    const closing = new AbortController()
    const writer = randomUUID()
    const channel = `${schema}_stream_outbox`
    let onReady = (): void => undefined
    const connection = await openRedisConnection({ url, name: `${prefix}-${schema}`, onReady: () => onReady() })
    opened.defer(() => connection.close())
    const store = createRedisStreamStore({ connection, prefix, schema, maximumLength, closedLifetimeMs })
    const outbox = createStreamOutbox({ database, schema, writer, channel })
    const relay = createOutboxRelay({ outbox, store, onError })

    /** Resolves when Redis answers again, or the log is closed; all wait for the same. */
    let recovery: Promise<void> | null = null
    const recovered = (): Promise<void> =>
      (recovery ??= (async () => {
        do await setTimeout(RETRY_MS)
        while (!closing.signal.aborted && !(await connection.run((client) => client.ping()).then(Boolean, () => false)))
        recovery = null
      })())

    /** For followers, who outlive an absence of Redis. */
    async function readPatiently(workspaceId: string, streamId: string, after: number): Promise<ReadReply> {
      for (;;) {
        try {
          return await store.readPage(store.keysOf(workspaceId, streamId), after)
        } catch (error) {
          if (!(error instanceof TributaryError) || !error.isRetryable) throw error
          await recovered()
          if (closing.signal.aborted) throw error
        }
      }
    }

    const followers = createFollowers<Payload>({
      pollMs: POLL_MS,
      async readPage(workspaceId, streamId, after) {
        const { state, events, isLost } = await readPatiently(workspaceId, streamId, after)
        if (isLost) throw eventsGone()
        return { state, events: events.map((event) => ({ ...event, payload: JSON.parse(event.payload) as Payload })) }
      },
      async isLost(workspaceId, streamId) {
        const { hasBegun, isPending } = await outbox.stateOf(workspaceId, streamId)
        if (!hasBegun || isPending) return false
        // It may have been relayed between the two questions.
        return (await readPatiently(workspaceId, streamId, 0)).state === null
      },
      onFirst: (streamKey) => wakeUps.subscribe(streamKey),
      onLast: (streamKey) => wakeUps.unsubscribe(streamKey),
    })
    const { wake: onWake, followed } = followers
    const wakeUps = await openWakeUps({ url, prefix, schema, onWake, followed })
    opened.defer(() => wakeUps.close())
    const onCommit = (committer: string): void => {
      if (committer === writer) relay.relaySoon()
    }
    const listener = await database.listen(channel, onCommit, relay.relaySoon)
    opened.defer(() => listener.close())
    opened.defer(() => relay.close())

    let epoch = await store.epoch()
    async function tick(): Promise<void> {
      relay.relaySoon()
      const present = await store.epoch()
      if (present === epoch) return
      // Another data set: every follower looks whether its stream is still there.
      epoch = present
      followers.wakeAll()
    }
    const timer = setInterval(() => void tick().catch(() => undefined), TICK_MS)
    timer.unref()
    opened.defer(() => clearInterval(timer))
    onReady = () => {
      relay.relaySoon()
      followers.wakeAll()
    }
    relay.relaySoon()
    opened.defer(() => {
      closing.abort()
      followers.close()
    })

    async function appendDirectly(
      workspaceId: string,
      streamId: string,
      payloads: readonly string[],
      first: number | null,
    ): Promise<boolean> {
      const keys = store.keysOf(workspaceId, streamId)
      let liftedSeal: string | null = null
      for (;;) {
        if (liftedSeal !== null || relay.isPending(keys)) await relay.settle(workspaceId, streamId)
        const reply = await store.append(keys, payloads, {
          outbox: null,
          isLast: false,
          first,
          liftedSeal,
          leastSequence: first === null ? 0 : first - 1,
        })
        switch (reply.outcome) {
          case 'appended':
            return true
          case 'closed':
            return false
          case 'lost':
            throw eventsGone()
          case 'taken':
            throw otherEvents()
          case 'sealed':
            liftedSeal = reply.seal
            break
          default:
            assertNever(reply)
        }
      }
    }

    return {
      async append(workspaceId, streamId, payloads, { transaction, isLast = false } = {}) {
        const items = serialisePayloads(payloads)
        if (transaction === undefined && !isLast) return await appendDirectly(workspaceId, streamId, items, null)
        const row = { workspaceId, streamId, isLast, items }
        const keys = store.keysOf(workspaceId, streamId)
        if (transaction !== undefined) {
          if (!(await relay.add(transaction, row))) return false
          // Without Redis the transaction goes on. Until it is relayed, direct appends of other processes may then come before the last event.
          if (isLast) await store.seal(keys).catch(onError)
          return true
        }
        const isAdded = await database.sql.transaction(async (own) => {
          if (!(await relay.add(own, row))) return false
          await store.seal(keys)
          return true
        })
        // Committed: if Redis goes now, it is relayed later.
        if (isAdded) await relay.settle(workspaceId, streamId).catch(onError)
        return isAdded
      },

      appendAt: async (workspaceId, streamId, first, payloads) =>
        await appendDirectly(workspaceId, streamId, serialisePayloads(payloads), first),

      async read(workspaceId, streamId, { transaction } = {}) {
        const keys = store.keysOf(workspaceId, streamId)
        // Once more, since here it is not left to chance.
        if (transaction !== undefined) await store.seal(keys)
        const events: StreamEvent<Payload>[] = []
        let [position, outboxId] = [0, 0]
        for (;;) {
          const page = await store.readPage(keys, position)
          outboxId = Math.max(outboxId, page.outboxId)
          for (const { sequence, occurredAt, payload } of page.events) {
            position = sequence
            events.push({ cursor: formatCursor(sequence), occurredAt, payload: JSON.parse(payload) as Payload })
          }
          if (page.events.length === 0 || position >= (page.state?.lastSequence ?? 0)) break
        }
        if (transaction === undefined) return events
        // They come next, in this order: nothing else can.
        for (const row of await outbox.rowsOfStream(workspaceId, streamId, transaction)) {
          if (row.id <= outboxId) continue
          for (const payload of row.payloads as Payload[])
            events.push({ cursor: formatCursor(++position), occurredAt: new Date(row.occurredAtMs), payload })
        }
        return events
      },

      follow: followers.follow,
      followerCount: followers.followerCount,

      async expire(ageMs) {
        const expired = await outbox.expire(ageMs)
        await store.remove(expired.map(({ workspaceId, streamId }) => store.keysOf(workspaceId, streamId)))
      },

      close: () => opened.disposeAsync(),
    }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}
