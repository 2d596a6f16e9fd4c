// A generation on PostgreSQL and Redis, with Redis killed, silent and empty in the middle of it.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openDatabase } from '#shared/database.ts'
import { createTestPlatform } from '../../test/harness/platform.ts'
import { ensurePostgresql, startPostgresql } from '../../test/services/postgresql.ts'
import { ensureRedis, startRedis } from '../../test/services/redis.ts'
import type { RunningService } from '../../test/services/server.ts'
import { describeWithService } from '../../test/services/service.ts'
import {
  openScriptedGenerations,
  textOfEvents,
  USAGE,
  type ScriptedGenerations,
} from './scripted-generation.fixture.ts'

const [ensuredPostgresql, ensuredRedis] = [await ensurePostgresql(), await ensureRedis()]
const tick = () => new Promise((resolve) => setImmediate(resolve))

describeWithService('a generation on postgresql', ensuredPostgresql, (postgresql) => {
  describeWithService('and redis', ensuredRedis, (installation) => {
    let server: Awaited<ReturnType<typeof startPostgresql>>
    let redis: RunningService
    let generations: ScriptedGenerations
    beforeAll(async () => {
      server = await startPostgresql(postgresql)
    })
    afterAll(() => server.close())
    const start = async (...extra: string[]) => {
      redis = await startRedis(installation, extra)
      const database = await openDatabase({ location: { url: await server.createDatabase() } })
      const redisUrl = redis.environment['REDIS_URL']!
      generations = await openScriptedGenerations(await createTestPlatform({ database, redisUrl }))
    }
    const stop = async () => {
      await generations.close()
      await redis.close()
    }
    beforeEach(() => start())
    afterEach(stop)

    const storedOf = async ({ workspaceId, id }: Awaited<ReturnType<ScriptedGenerations['insert']>>) =>
      (await generations.store.textsSoFar(workspaceId, [id]))[0]!.text
    const isWaiting = () => expect.poll(() => generations.warned.mock.calls.length, { timeout: 20_000 }).toBe(1)
    /** It was completed with this text, which whoever followed it got once. */
    async function expectWhole(
      row: Awaited<ReturnType<ScriptedGenerations['insert']>>,
      following: ReturnType<ScriptedGenerations['follow']>,
      text: string,
    ): Promise<void> {
      const events = await following
      expect(textOfEvents(events)).toBe(text)
      expect(events.at(-1)?.payload).toEqual({ type: 'completed' })
      expect(textOfEvents(await generations.follow(row))).toBe(text)
      expect(await generations.read(row)).toMatchObject({ status: 'COMPLETED', text, ...USAGE })
      expect(await generations.usagesOf(row)).toEqual([{ promptTokens: 3, completionTokens: 5 }])
    }

    test('redis is killed while the model writes, and started again: the text is there once', async () => {
      const row = await generations.insert()
      const following = generations.follow(row)
      let text = ''
      const over = new AbortController()
      const running = generations.run(row, async function* () {
        for (let index = 0; !over.signal.aborted; index += 1) {
          const word = `word ${index} `
          text += word
          yield word
          await tick()
        }
      })
      for (let round = 0; round < 3; round += 1) {
        generations.warned.mockClear()
        const before = text.length
        await expect.poll(async () => (await storedOf(row)).length - before, { timeout: 20_000 }).toBeGreaterThan(1_000)
        await redis.stop('SIGKILL')
        await isWaiting()
        await redis.start()
      }
      over.abort()
      await running
      await expectWhole(row, following, text)
    })

    test('redis is killed, the model ends meanwhile: the generation is completed when redis is back', async () => {
      const row = await generations.insert()
      const following = generations.follow(row)
      const killed = Promise.withResolvers<void>()
      const ended = Promise.withResolvers<void>()
      const words = Array.from({ length: 500 }, (_, index) => `word ${index} `)
      const running = generations.run(row, async function* () {
        yield* words.slice(0, 250)
        await redis.stop('SIGKILL')
        killed.resolve()
        yield* words.slice(250)
        ended.resolve()
      })
      await Promise.all([killed.promise, ended.promise, isWaiting()])
      expect(await generations.read(row)).toMatchObject({ status: 'RUNNING' })
      await redis.start()
      await running
      await expectWhole(row, following, words.join(''))
    })

    test('redis is silent and does later what it was asked for: the text is there once', async () => {
      const row = await generations.insert()
      const following = generations.follow(row)
      const running = generations.run(row, async function* () {
        yield 'before, '
        await expect.poll(() => storedOf(row), { timeout: 20_000 }).toBe('before, ')
        redis.pause()
        yield 'meanwhile, '
        await isWaiting()
        yield 'after'
        redis.resume()
      })
      await running
      await expectWhole(row, following, 'before, meanwhile, after')
    })

    test('redis goes when all of the text is stored: the generation is completed at once, its last event comes later', async () => {
      const row = await generations.insert()
      const following = generations.follow(row)
      await generations.run(row, async function* () {
        yield 'all of it'
        await expect.poll(() => storedOf(row), { timeout: 20_000 }).toBe('all of it')
        await redis.stop('SIGKILL')
      })
      expect(await generations.read(row)).toMatchObject({ status: 'COMPLETED', text: 'all of it' })
      await redis.start()
      await expectWhole(row, following, 'all of it')
    })

    test('redis stays away: the generation fails as retryable with its text, and whoever follows it is told when redis is back', async () => {
      const row = await generations.insert()
      const following = generations.follow(row)
      await redis.stop('SIGKILL')
      await generations.run(row, () => ['never ', 'stored'], { patienceMs: 100 })
      expect(await generations.read(row)).toMatchObject({ status: 'FAILED', text: 'never stored' })
      await redis.start()
      expect((await following).map(({ payload }) => payload)).toMatchObject([
        { type: 'started' },
        { type: 'failed', code: 'UPSTREAM_UNAVAILABLE', isRetryable: true },
      ])
    })

    test('redis comes back empty: the generation fails with all of its text', async () => {
      await stop()
      await start('--appendonly', 'no')
      const row = await generations.insert()
      const gone = expect(generations.follow(row)).rejects.toMatchObject({ code: 'EVENTS_GONE' })
      await generations.run(row, async function* () {
        yield 'before, '
        await expect.poll(() => storedOf(row), { timeout: 20_000 }).toBe('before, ')
        await redis.stop('SIGKILL')
        yield 'meanwhile'
        await isWaiting()
        await redis.start()
      })
      await gone
      expect(await generations.read(row)).toMatchObject({ status: 'FAILED', text: 'before, meanwhile' })
    })
  })
})
