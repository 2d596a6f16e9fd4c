// Durable messages on a real pg-boss: transactional sends, redelivery, and what a killed process had taken.
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { openDatabase, rowsOf, type Database } from './database.ts'
import { TributaryError } from './errors.ts'
import { createJobQueue, defineMessage, type GivenUp, type JobQueue } from './job-queue.ts'

const numbered = defineMessage('test.numbered', z.object({ number: z.int() }))
const failing = defineMessage('test.failing', z.object({ number: z.int() }))
const unread = defineMessage('test.unread', z.object({ number: z.int() }))
const held = defineMessage('test.held', z.object({ number: z.int() }))
const backlog = defineMessage('test.backlog', z.object({ number: z.int() }))
const hopeless = defineMessage('test.hopeless', z.object({ number: z.int() }))
const gathered = defineMessage('test.gathered', z.object({ number: z.int() }), { isGathered: true })
const messages = [backlog, numbered, failing, unread, held, hopeless, gathered]

let directory: string
let database: Database
let queue: JobQueue
const errors: Error[] = []
const open = () =>
  createJobQueue({
    database,
    messages,
    isOnlyProcess: true,
    closeTimeoutMs: 500,
    onError: (error) => errors.push(error),
  })

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-queue-'))
  database = await openDatabase({ location: { directory } })
  queue = await open()
})

afterAll(async () => {
  await queue.close()
  await database.close()
  await rm(directory, { recursive: true, force: true })
})

test('messages are handled, each with its data, soon after they were sent', async () => {
  const seen: number[] = []
  await queue.work(numbered, { concurrency: 2 }, async ({ data }) => {
    seen.push(data.number)
  })
  const sentAt = performance.now()
  await queue.send(numbered, { number: 1 })
  await queue.sendMany(numbered, [{ number: 2 }, { number: 3 }])
  await expect.poll(() => seen.toSorted((a, b) => a - b), { interval: 10, timeout: 5000 }).toEqual([1, 2, 3])
  expect(performance.now() - sentAt).toBeLessThan(3000)
})

test('a backlog is worked off without pauses', async () => {
  const seen = new Set<number>()
  await queue.sendMany(
    backlog,
    Array.from({ length: 60 }, (_, number) => ({ number })),
  )
  const startedAt = performance.now()
  await queue.work(backlog, { concurrency: 2 }, async ({ data }) => {
    seen.add(data.number)
  })
  await expect.poll(() => seen.size, { interval: 10, timeout: 25_000 }).toBe(60)
  // At one message per polling interval and worker it would take fifteen seconds.
  expect(performance.now() - startedAt).toBeLessThan(8000)
})

test('messages that nobody waits for are handled together; one that cannot be is tried again alone', async () => {
  const calls: number[][] = []
  let isAway = true
  await queue.send(gathered, { number: 1 })
  await queue.sendMany(gathered, [{ number: 2 }, { number: 3 }])
  await queue.workGathered(gathered, async (data) => {
    calls.push(data.map(({ number }) => number).toSorted((a, b) => a - b))
    if (isAway) throw new TributaryError('UPSTREAM_UNAVAILABLE', 'The store is away.')
    if (data.some(({ number }) => number === 2)) throw new Error('two cannot be counted')
  })
  // While the store is away nobody is asked for one after the other.
  await expect.poll(() => calls, { timeout: 5000 }).toEqual([[1, 2, 3]])
  isAway = false
  const states = () =>
    rowsOf<{ number: number; state: string }>(
      database.sql,
      sql`select (data->>'number')::int as number, state::text from queue.job where name = ${gathered.queue} order by 1`,
    )
  await expect
    .poll(states, { timeout: 15_000 })
    .toEqual(['completed', 'retry', 'completed'].map((state, index) => ({ number: index + 1, state })))
  expect(calls.slice(1).some((numbers) => numbers.length > 1)).toBe(true)
  expect(errors.map(({ message }) => message)).toContain('two cannot be counted')
})

test('a message of the wrong shape is refused when it is sent', async () => {
  await expect(queue.send(numbered, { number: 'x' } as never)).rejects.toThrow(/number/)
})

test('a message sent in a transaction exists only if the transaction does', async () => {
  await expect(
    database.sql.transaction(async (transaction) => {
      await queue.send(unread, { number: 1 }, { transaction })
      throw new Error('changed my mind')
    }),
  ).rejects.toThrow('changed my mind')
  await database.sql.transaction((transaction) => queue.send(unread, { number: 2 }, { transaction }))
  await database.sql.transaction((transaction) => queue.sendMany(unread, [{ number: 3 }], { transaction }))
  const rows = await rowsOf<{ number: number }>(
    database.sql,
    sql`select (data->>'number')::int as number from queue.job where name = 'test.unread' order by 1`,
  )
  expect(rows.map(({ number }) => number)).toEqual([2, 3])
})

test('a handler that throws gets its message again', async () => {
  const attempts: number[] = []
  await queue.work(failing, {}, async ({ retryCount }) => {
    attempts.push(retryCount)
    if (attempts.length < 3) throw new Error('not yet')
  })
  await queue.send(failing, { number: 1 })
  await expect.poll(() => attempts, { timeout: 15_000 }).toEqual([0, 1, 2])
  expect(errors.filter(({ message }) => message === 'not yet')).toHaveLength(2)
})

test('a message that is given up is handed over with what its last delivery ended with, until that goes through', async () => {
  await database.sql.execute(sql`update queue.queue set retry_limit = 1 where name = ${hopeless.queue}`)
  const deliveries: number[] = []
  const givenUp: GivenUp<{ number: number }>[] = []
  await queue.work(
    hopeless,
    {
      async onGivenUp(found) {
        givenUp.push(found)
        if (givenUp.length === 1) throw new Error('could not be noted')
      },
    },
    async ({ data: { number } }) => {
      deliveries.push(number)
      throw number === 1 ? new TributaryError('UPSTREAM_UNAVAILABLE', 'The store is away.') : new Error('a secret')
    },
  )
  await queue.send(hopeless, { number: 1 })
  const first = { data: { number: 1 }, lastError: { code: 'UPSTREAM_UNAVAILABLE', message: 'The store is away.' } }
  await expect.poll(() => givenUp, { timeout: 25_000 }).toEqual([first, first])
  expect(deliveries).toEqual([1, 1])
  await queue.send(hopeless, { number: 2 })
  await expect.poll(() => givenUp.slice(2), { timeout: 25_000 }).toEqual([{ data: { number: 2 }, lastError: null }])
}, 60_000)

test('what a process had taken when it ended is delivered to the next one at once', async () => {
  let taken = false
  await queue.work(held, {}, ({ signal }) => {
    taken = true
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))))
  })
  await queue.send(held, { number: 7 })
  await expect.poll(() => taken, { timeout: 5000 }).toBe(true)
  await queue.close()
  await database.sql.execute(sql`update queue.job set state = 'active' where name = 'test.held'`)
  queue = await open()
  const redelivered: number[] = []
  await queue.work(held, {}, async ({ data }) => {
    redelivered.push(data.number)
  })
  await expect.poll(() => redelivered, { timeout: 8000 }).toEqual([7])
})
