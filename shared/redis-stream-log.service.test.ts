// The stream log when Redis, or a process between PostgreSQL and Redis, does what real ones do: restarts, dies, is silent, full, read-only or empty.
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { sql } from 'drizzle-orm'
import { createClient } from 'redis'
import { startChild } from '../test/harness/child.ts'
import { repositoryRoot } from '../test/harness/environment.ts'
import { ensurePostgresql, startPostgresql } from '../test/services/postgresql.ts'
import { ensureRedis, startRedis } from '../test/services/redis.ts'
import type { RunningService } from '../test/services/server.ts'
import { describeWithService } from '../test/services/service.ts'
import { openDatabase, rowsOf, type Database } from './database.ts'
import { createRedisStreamLog, type RedisStreamLogOptions } from './redis-stream-log.ts'
import { createTables, TEST_SCHEMA } from './stream-log.fixture.ts'
import type { StreamLog } from './stream-log.ts'

const [ensuredPostgresql, ensuredRedis] = [await ensurePostgresql(), await ensureRedis()]
const workspaceId = 'ws_1'

describeWithService('the stream log on redis, with postgresql', ensuredPostgresql, (postgresql) => {
  describeWithService('and faults of redis', ensuredRedis, (installation) => {
    let server: Awaited<ReturnType<typeof startPostgresql>>
    let databaseUrl: string
    let database: Database
    let redis: RunningService
    let opened: StreamLog<string>[] = []
    let next = 0
    beforeAll(async () => {
      server = await startPostgresql(postgresql)
      databaseUrl = await server.createDatabase()
      database = await openDatabase({ location: { url: databaseUrl } })
      await createTables(database)
    })
    afterAll(async () => {
      await database.close()
      await server.close()
    })
    const start = async (...extra: string[]) => {
      await redis?.close()
      redis = await startRedis(installation, extra)
    }
    beforeEach(() => start())
    afterEach(async () => {
      redis.resume()
      await Promise.all(opened.map((log) => log.close()))
      opened = []
      await redis.close()
    })

    const urlOf = () => redis.environment['REDIS_URL']!
    const newStream = () => `gen_${++next}`
    async function open(options: Partial<RedisStreamLogOptions> = {}): Promise<StreamLog<string>> {
      const log = await createRedisStreamLog<string>({ database, schema: TEST_SCHEMA, url: urlOf(), ...options })
      opened.push(log)
      return log
    }
    async function collect(
      log: StreamLog<string>,
      streamId: string,
      onEvent: (count: number) => void = () => undefined,
    ) {
      const payloads: string[] = []
      const signal = AbortSignal.timeout(60_000)
      for await (const event of log.follow({ workspaceId, streamId, signal })) onEvent(payloads.push(event.payload))
      expect(signal.aborted).toBe(false)
      return payloads
    }
    /** An administrator's word to the server. */
    async function tell(...command: string[]): Promise<unknown> {
      const client = createClient({ url: urlOf(), socket: { reconnectStrategy: false } })
      await client.connect()
      try {
        return await client.sendCommand(command)
      } finally {
        client.destroy()
      }
    }
    const inTransaction = (log: StreamLog<string>, streamId: string, payloads: string[], isLast = false) =>
      database.sql.transaction((transaction) => log.append(workspaceId, streamId, payloads, { transaction, isLast }))
    /** Tries until it is taken: what fails was not added, since the server was not there to add it. */
    async function appendAtLast(log: StreamLog<string>, streamId: string, payload: string): Promise<void> {
      await expect
        .poll(() => log.append(workspaceId, streamId, [payload]).catch(() => false), { timeout: 20_000 })
        .toBe(true)
    }
    /** Another process commits 'first' and 'second' and is killed before it relays them. */
    async function beKilledAfterCommit(streamId: string): Promise<void> {
      const child = await startChild({
        name: 'killed writer',
        command: process.execPath,
        arguments: [
          fileURLToPath(new URL('./killed-writer.fixture.ts', import.meta.url)),
          databaseUrl,
          urlOf(),
          TEST_SCHEMA,
          streamId,
        ],
        directory: repositoryRoot,
        environment: process.env,
        isReady: (line) => line === 'appended',
      })
      redis.pause()
      process.kill(child.pid, 'SIGUSR2')
      expect((await child.exited).signal).toBe('SIGKILL')
      redis.resume()
    }
    const nextOf = (log: StreamLog<string>, streamId: string, after: string | null = null) =>
      log.follow({ workspaceId, streamId, after, signal: AbortSignal.timeout(15_000) }).next()

    test('restarted in between: followers go on, nothing is lost or doubled', async () => {
      const [writer, reader] = [await open(), await open()]
      const streamId = newStream()
      const following = collect(reader, streamId)
      await writer.append(workspaceId, streamId, ['before'])
      await redis.stop()
      await inTransaction(writer, streamId, ['meanwhile'])
      await redis.start()
      await appendAtLast(writer, streamId, 'after')
      await writer.append(workspaceId, streamId, ['end'], { isLast: true })
      expect(await following).toEqual(['before', 'meanwhile', 'after', 'end'])
    })

    test('killed: what was acknowledged is there, and followers go on behind it', async () => {
      const [writer, reader] = [await open(), await open()]
      const streamId = newStream()
      let seen = 0
      const following = collect(reader, streamId, (count) => (seen = count))
      const acknowledged: string[] = []
      const appending = (async () => {
        for (;;) {
          const payload = `${acknowledged.length}`
          if (!(await writer.append(workspaceId, streamId, [payload]))) return
          acknowledged.push(payload)
        }
      })()
      await expect.poll(() => seen, { timeout: 10_000 }).toBeGreaterThan(100)
      const failed = expect(appending).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', isRetryable: true })
      await redis.stop('SIGKILL')
      await failed
      await redis.start()
      await appendAtLast(writer, streamId, 'after')
      await writer.append(workspaceId, streamId, ['end'], { isLast: true })
      const payloads = await following
      expect(payloads.slice(0, acknowledged.length)).toEqual(acknowledged)
      // One may have been stored whose acknowledgement was cut off.
      const unacknowledged = payloads.slice(acknowledged.length, -2)
      expect([[], [`${acknowledged.length}`]]).toContainEqual(unacknowledged)
      expect(payloads.slice(-2)).toEqual(['after', 'end'])
    })

    test('accepts and never answers: appends fail in time, transactions commit, followers go on when it answers again', async () => {
      const [writer, reader] = [await open(), await open()]
      const streamId = newStream()
      const following = collect(reader, streamId)
      await writer.append(workspaceId, streamId, ['before'])
      redis.pause()
      const startedAt = performance.now()
      await expect(writer.append(workspaceId, streamId, ['unanswered'])).rejects.toMatchObject({
        code: 'UPSTREAM_TIMED_OUT',
        isRetryable: true,
      })
      // Only the first one waits for an answer.
      for (let round = 0; round < 20; round += 1)
        await expect(writer.append(workspaceId, streamId, ['refused'])).rejects.toMatchObject({
          code: 'UPSTREAM_UNAVAILABLE',
          isRetryable: true,
        })
      expect(performance.now() - startedAt).toBeLessThan(8_000)
      expect(await inTransaction(writer, streamId, ['end'], true)).toBe(true)
      redis.resume()
      // What it had taken before it fell silent it does when it wakes.
      expect((await following).filter((payload) => payload !== 'unanswered')).toEqual(['before', 'end'])
    })

    test('a follower that comes while it is known to be silent hears of what comes afterwards as soon as any other', async () => {
      const [writer, reader] = [await open(), await open()]
      const [early, late] = [newStream(), newStream()]
      await writer.append(workspaceId, late, ['before'])
      redis.pause()
      // By this one the reader's connection for wake-ups learns that there is no answer.
      const first = collect(reader, early)
      await expect(writer.append(workspaceId, early, ['unanswered'])).rejects.toMatchObject({
        code: 'UPSTREAM_TIMED_OUT',
      })
      let appendedAt = Infinity
      const appended: Promise<unknown>[] = []
      const second = collect(reader, late, (count) => {
        if (count > 1) return
        // It has read what there was, and waits to be woken.
        appendedAt = performance.now()
        appended.push(appendAtLast(writer, late, 'after').then(() => inTransaction(writer, late, ['end'], true)))
      })
      redis.resume()
      expect(await second).toEqual(['before', 'after', 'end'])
      expect(performance.now() - appendedAt).toBeLessThan(5_000)
      await Promise.all(appended)
      await inTransaction(writer, early, ['end'], true)
      await first
    })

    test('away: appends fail at once, transactions commit, and their events come when it is back', async () => {
      const [writer, reader] = [await open(), await open()]
      const streamId = newStream()
      const following = collect(reader, streamId)
      await writer.append(workspaceId, streamId, ['before'])
      await redis.stop()
      const startedAt = performance.now()
      for (let round = 0; round < 10; round += 1) {
        for (const options of [{}, { isLast: true }])
          await expect(writer.append(workspaceId, streamId, ['refused'], options)).rejects.toMatchObject({
            code: 'UPSTREAM_UNAVAILABLE',
            isRetryable: true,
          })
        await inTransaction(writer, streamId, [`${round}`])
      }
      expect(performance.now() - startedAt).toBeLessThan(8_000)
      await expect(
        database.sql.transaction((transaction) => reader.read(workspaceId, streamId, { transaction })),
      ).rejects.toMatchObject({ isRetryable: true })
      await inTransaction(writer, streamId, ['end'], true)
      await redis.start()
      expect(await following).toEqual(['before', ...Array.from({ length: 10 }, (_, round) => `${round}`), 'end'])
    })

    test('a follower that comes while it is away is served when it is back, and one that leaves leaves at once', async () => {
      const log = await open()
      const streamId = newStream()
      await log.append(workspaceId, streamId, ['a', 'end'], { isLast: true })
      await redis.stop()
      const following = collect(log, streamId)
      const controller = new AbortController()
      const leaving = log.follow({ workspaceId, streamId: newStream(), signal: controller.signal }).next()
      controller.abort()
      expect((await leaving).done).toBe(true)
      await redis.start()
      expect(await following).toEqual(['a', 'end'])
    })

    test('it goes while a follower asks PostgreSQL about a stream that it did not find: the follower waits for both', async () => {
      const streamId = newStream()
      await inTransaction(await open(), streamId, ['started'])
      await expect
        .poll(async () => database.sql.execute(sql`select 1 from stream_log_test.stream_outbox`), { timeout: 10_000 })
        .toMatchObject({ rows: [] })
      await tell('DEL', ...((await tell('KEYS', `*:${streamId}:*`)) as string[]))
      const asked = Promise.withResolvers<void>()
      const executor = Object.create(database.sql) as Database['sql']
      executor.execute = (async (query: Parameters<Database['sql']['execute']>[0]) => {
        if (JSON.stringify(query).includes('has_begun')) await redis.stop().then(asked.resolve)
        return database.sql.execute(query)
      }) as unknown as Database['sql']['execute']
      const log = await open({ database: { ...database, sql: executor } })
      const following = expect(nextOf(log, streamId)).rejects.toMatchObject({ code: 'EVENTS_GONE' })
      await asked.promise
      await redis.start()
      await following
    })

    test('streams of the same id in two workspaces are woken apart', async () => {
      const log = await open()
      const streamId = newStream()
      const following = collect(log, streamId)
      await expect
        .poll(() => tell('PUBSUB', 'CHANNELS', '*:wake:*'), { timeout: 10_000 })
        .toEqual([`tributary:${TEST_SCHEMA}:wake:${workspaceId}:${streamId}`])
      await log.append(workspaceId, streamId, ['end'], { isLast: true })
      expect(await following).toEqual(['end'])
    })

    test('a follower whose connection for wake-ups is cut goes on', async () => {
      const [writer, reader] = [await open(), await open()]
      const streamId = newStream()
      let seen = 0
      const following = collect(reader, streamId, (count) => (seen = count))
      for (let round = 0; round < 5; round += 1) {
        await tell('CLIENT', 'KILL', 'TYPE', 'pubsub')
        await writer.append(workspaceId, streamId, [`${round}`])
        await expect.poll(() => seen, { timeout: 5_000 }).toBe(round + 1)
      }
      await writer.append(workspaceId, streamId, ['end'], { isLast: true })
      expect(await following).toEqual(['0', '1', '2', '3', '4', 'end'])
    })

    test('wrong credentials and a server that is not there are told at the start', async () => {
      await start('--requirepass', 'right')
      for (const url of [urlOf(), urlOf().replace('redis://', 'redis://:wrong@')])
        await expect(open({ url })).rejects.toMatchObject({
          code: 'CONFIGURATION_INVALID',
          message: expect.stringContaining('REDIS_URL'),
        })
      await open({ url: urlOf().replace('redis://', 'redis://:right@') })
      await expect(open({ url: 'redis://127.0.0.1:1' })).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
    })

    test('full: appends are refused and add nothing, reads go on, and it heals', async () => {
      const log = await open()
      const streamId = newStream()
      await log.append(workspaceId, streamId, ['before'])
      await tell('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
      await tell('CONFIG', 'SET', 'maxmemory', '1mb')
      await expect(log.append(workspaceId, streamId, ['refused', 'too'])).rejects.toMatchObject({
        code: 'CAPACITY_EXCEEDED',
        isRetryable: true,
      })
      await inTransaction(log, streamId, ['kept'])
      expect((await log.read(workspaceId, streamId)).map(({ payload }) => payload)).toEqual(['before'])
      await tell('CONFIG', 'SET', 'maxmemory', '0')
      await log.append(workspaceId, streamId, ['end'], { isLast: true })
      expect(await collect(log, streamId)).toEqual(['before', 'kept', 'end'])
    })

    test('a replica: appends are refused as retryable, until it is promoted', async () => {
      const log = await open()
      const streamId = newStream()
      await log.append(workspaceId, streamId, ['before'])
      await tell('REPLICAOF', '127.0.0.1', '1')
      await expect(log.append(workspaceId, streamId, ['refused'])).rejects.toMatchObject({
        code: 'UPSTREAM_UNAVAILABLE',
        isRetryable: true,
      })
      await tell('REPLICAOF', 'NO', 'ONE')
      await log.append(workspaceId, streamId, ['end'], { isLast: true })
      expect(await collect(log, streamId)).toEqual(['before', 'end'])
    })

    test.each([
      ['flushed', [], async () => void (await tell('FLUSHALL'))],
      [
        'restarted without persistence',
        ['--appendonly', 'no'],
        async () => {
          await redis.stop('SIGKILL')
          await redis.start()
        },
      ],
    ])('%s: whoever followed or appended is told so, whoever comes later too', async (_name, extra, lose) => {
      await start(...extra)
      const [writer, reader] = [await open(), await open()]
      const [begun, ended, unseen] = [newStream(), newStream(), newStream()]
      await inTransaction(writer, begun, ['started'])
      await inTransaction(writer, ended, ['started', 'end'], true)
      await writer.append(workspaceId, begun, ['a'])
      const events = reader.follow({ workspaceId, streamId: begun, signal: AbortSignal.timeout(20_000) })
      expect([(await events.next()).value?.payload, (await events.next()).value?.payload]).toEqual(['started', 'a'])
      const waiting = expect(events.next()).rejects.toMatchObject({ code: 'EVENTS_GONE' })
      const early = reader.follow({ workspaceId, streamId: unseen, signal: AbortSignal.timeout(20_000) }).next()
      await nextOf(reader, ended)
      await lose()
      await waiting
      await expect
        .poll(() => nextOf(reader, ended).catch((error: unknown) => error), { timeout: 15_000 })
        .toMatchObject({ code: 'EVENTS_GONE' })
      await expect(nextOf(reader, begun)).rejects.toMatchObject({ code: 'EVENTS_GONE' })
      await expect(nextOf(reader, begun, 's2')).rejects.toMatchObject({ code: 'EVENTS_GONE' })
      // Its connection may be back a moment later than that of the reader.
      await expect
        .poll(() => writer.append(workspaceId, begun, ['b']).catch((error: unknown) => error), { timeout: 15_000 })
        .toMatchObject({ code: 'EVENTS_GONE', isRetryable: false })
      // What the events tell of goes on: in PostgreSQL, and with new streams.
      expect(await inTransaction(writer, begun, ['end'], true)).toBe(true)
      await inTransaction(writer, unseen, ['first'])
      expect((await early).value?.payload).toBe('first')
    })

    test('a stream that is too long is cut at its beginning, and who needs that is told', async () => {
      const log = await open({ maximumLength: 200 })
      const streamId = newStream()
      for (let batch = 0; batch < 10; batch += 1)
        await log.append(
          workspaceId,
          streamId,
          Array.from({ length: 100 }, (_, index) => `${batch * 100 + index}`),
        )
      await log.append(workspaceId, streamId, ['end'], { isLast: true })
      for (const cursor of [null, 's1', 's6y'])
        await expect(nextOf(log, streamId, cursor)).rejects.toMatchObject({ code: 'EVENTS_GONE' })
      // 900 in base 36.
      expect((await nextOf(log, streamId, 'sp0')).value?.payload).toBe('900')
    })

    test('closed streams expire by themselves, open ones stay', async () => {
      const log = await open({ closedLifetimeMs: 100_000 })
      const [closed, open_] = [newStream(), newStream()]
      await log.append(workspaceId, open_, ['a'])
      await log.append(workspaceId, closed, ['a', 'end'], { isLast: true })
      const keysOf = async (streamId: string) => (await tell('KEYS', `*:${streamId}:*`)) as string[]
      for (const [streamId, isExpiring] of [
        [closed, true],
        [open_, false],
      ] as const) {
        const keys = await keysOf(streamId)
        expect(keys).toHaveLength(2)
        for (const key of keys) expect(((await tell('PTTL', key)) as number) > 0).toBe(isExpiring)
      }
      await log.expire(-1000)
      expect(await keysOf(closed)).toEqual([])
      expect(await keysOf(open_)).toHaveLength(2)
    })

    test('a process that is killed between commit and relay: another one relays what it left, once', async () => {
      const log = await open()
      const streamId = newStream()
      const following = collect(log, streamId)
      await beKilledAfterCommit(streamId)
      await expect
        .poll(async () => (await log.read(workspaceId, streamId).catch(() => [])).length, { timeout: 15_000 })
        .toBe(2)
      await inTransaction(log, streamId, ['end'], true)
      expect(await following).toEqual(['first', 'second', 'end'])
    })

    // With no event before, Redis has too few for the second transaction; with some it has enough, though not the right ones.
    test.each([[[]], [['a', 'b', 'c']]])(
      'a process that is killed between commit and relay, and another that commits at once: nothing is lost, with %j before',
      async (before: string[]) => {
        const log = await open()
        const streamId = newStream()
        for (const [index, payload] of before.entries())
          await expect
            .poll(() => log.appendAt(workspaceId, streamId, index + 1, [payload]).catch(() => false), {
              timeout: 20_000,
            })
            .toBe(true)
        await beKilledAfterCommit(streamId)
        await inTransaction(log, streamId, ['at once'])
        const events = log.follow({ workspaceId, streamId, signal: AbortSignal.timeout(20_000) })
        for (const payload of [...before, 'first', 'second', 'at once'])
          expect((await events.next()).value?.payload).toBe(payload)
        await inTransaction(log, streamId, ['end'], true)
        expect((await events.next()).value?.payload).toBe('end')
        expect((await events.next()).done).toBe(true)
      },
    )

    test('a row that was relayed and not deleted, because its process died, is not applied again', async () => {
      const [log, other] = [await open(), await open()]
      const streamId = newStream()
      await inTransaction(log, streamId, ['first'])
      await log.append(workspaceId, streamId, ['second'])
      const rows = await rowsOf(
        database.sql,
        sql`insert into stream_log_test.stream_outbox (id, workspace_id, stream_id, writer, preceding_count, payloads, is_last, created_at)
            overriding system value
            select last_value, ${workspaceId}, ${streamId}, 'a dead one', 0, '["first"]', false, now() - interval '1 hour'
            from stream_log_test.stream_outbox_id_seq
            returning id`,
      )
      expect(rows).toHaveLength(1)
      await expect
        .poll(async () => database.sql.execute(sql`select 1 from stream_log_test.stream_outbox`), { timeout: 10_000 })
        .toMatchObject({ rows: [] })
      await other.append(workspaceId, streamId, ['end'], { isLast: true })
      expect(await collect(log, streamId)).toEqual(['first', 'second', 'end'])
    })
  })
})
