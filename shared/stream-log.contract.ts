// What every StreamLog does, whichever database is below.
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { contractCases, type ContractSkips } from '../test/harness/contract-case.ts'
import type { Database } from './database.ts'
import { MAXIMUM_PAYLOAD_BYTES, parseCursor, type StreamEvent, type StreamLog } from './stream-log.ts'

export interface StreamLogUnderTest {
  /** Two logs over the same store, as two processes would have. Without a wake-up their followers look for events after 30 seconds. */
  writer: StreamLog<string>
  reader: StreamLog<string>
  /** Whose transactions may be given to `append`. */
  database: Database
  close(): Promise<void>
}

export function describeStreamLog(
  name: string,
  open: () => Promise<StreamLogUnderTest>,
  skips: ContractSkips = {},
): void {
  describe(`StreamLog on ${name}`, () => {
    const { contract, end } = contractCases(skips)
    let log: StreamLogUnderTest
    let next = 0
    const workspaceId = 'ws_1'
    const newStream = () => `gen_${++next}`
    const tick = () => new Promise((resolve) => setImmediate(resolve))
    beforeAll(async () => {
      log = await open()
    })
    afterAll(() => log.close())

    const collect = async (streamId: string, after?: string, workspace = workspaceId) => {
      const events: StreamEvent<string>[] = []
      for await (const event of log.reader.follow({
        workspaceId: workspace,
        streamId,
        after: after ?? null,
        signal: AbortSignal.timeout(10_000),
      }))
        events.push(event)
      return events
    }

    contract('a closed stream is replayed whole, in order, and ends', async () => {
      const streamId = newStream()
      await log.writer.append(workspaceId, streamId, ['a', 'b'])
      await log.writer.append(workspaceId, streamId, ['c'], { isLast: true })
      const events = await collect(streamId)
      expect(events.map(({ payload }) => payload)).toEqual(['a', 'b', 'c'])
      expect(events.every(({ occurredAt }) => Math.abs(Date.now() - occurredAt.getTime()) < 60_000)).toBe(true)
    })

    contract('a follower that came early gets every event live, without gap or repetition', async () => {
      const streamId = newStream()
      const following = collect(streamId)
      const expected = Array.from({ length: 1200 }, (_, index) => `event ${index}`)
      for (let index = 0; index < expected.length; index += 7)
        await log.writer.append(workspaceId, streamId, expected.slice(index, index + 7))
      await log.writer.append(workspaceId, streamId, ['end'], { isLast: true })
      expect((await following).map(({ payload }) => payload)).toEqual([...expected, 'end'])
    })

    contract('following after a cursor goes on right behind it', async () => {
      const streamId = newStream()
      await log.writer.append(workspaceId, streamId, ['a', 'b', 'c', 'd'], { isLast: true })
      const [, second] = await collect(streamId)
      expect((await collect(streamId, second!.cursor)).map(({ payload }) => payload)).toEqual(['c', 'd'])
    })

    contract('events arrive with their append, not only when a follower looks by itself', async () => {
      const streamId = newStream()
      const events = log.reader.follow({ workspaceId, streamId, signal: AbortSignal.timeout(10_000) })
      await log.writer.append(workspaceId, streamId, ['first'])
      await events.next()
      const waiting = events.next()
      await new Promise((resolve) => setImmediate(resolve))
      const appendedAt = performance.now()
      await log.writer.append(workspaceId, streamId, ['second'])
      expect((await waiting).value?.payload).toBe('second')
      expect(performance.now() - appendedAt).toBeLessThan(5_000)
      await events.return(undefined)
    })

    contract('several writers at once lose nothing', async () => {
      const streamId = newStream()
      await Promise.all(
        Array.from({ length: 40 }, (_, index) => log.writer.append(workspaceId, streamId, [`w${index}`])),
      )
      await log.writer.append(workspaceId, streamId, ['end'], { isLast: true })
      const payloads = (await collect(streamId)).map(({ payload }) => payload)
      expect(payloads.at(-1)).toBe('end')
      expect(new Set(payloads).size).toBe(41)
    })

    contract('nothing is added behind the last event', async () => {
      const streamId = newStream()
      expect(await log.writer.append(workspaceId, streamId, ['end'], { isLast: true })).toBe(true)
      expect(await log.writer.append(workspaceId, streamId, ['late'])).toBe(false)
      expect((await collect(streamId)).map(({ payload }) => payload)).toEqual(['end'])
    })

    contract('what is appended at its place is there once, however often and late it is asked for', async () => {
      const streamId = newStream()
      await log.database.sql.transaction((transaction) =>
        log.writer.append(workspaceId, streamId, ['started'], { transaction }),
      )
      for (let round = 0; round < 3; round += 1)
        expect(await log.writer.appendAt(workspaceId, streamId, 2, ['a', 'b'])).toBe(true)
      expect(await log.writer.appendAt(workspaceId, streamId, 4, ['c'])).toBe(true)
      expect(await log.writer.appendAt(workspaceId, streamId, 2, ['a', 'b'])).toBe(true)
      await Promise.all(Array.from({ length: 10 }, () => log.writer.appendAt(workspaceId, streamId, 5, ['d'])))
      await log.writer.append(workspaceId, streamId, ['end'], { isLast: true })
      for (const [first, payload] of [
        [5, 'd'],
        [6, 'late'],
        [7, 'late'],
      ] as const)
        expect(await log.writer.appendAt(workspaceId, streamId, first, [payload])).toBe(false)
      const events = await collect(streamId)
      expect(events.map(({ payload }) => payload)).toEqual(['started', 'a', 'b', 'c', 'd', 'end'])
      expect(events.map(({ cursor }) => parseCursor(cursor))).toEqual([1, 2, 3, 4, 5, 6])
    })

    contract('a stream may begin with what is appended at its place', async () => {
      const streamId = newStream()
      await Promise.all(Array.from({ length: 10 }, () => log.writer.appendAt(workspaceId, streamId, 1, ['a'])))
      await log.writer.append(workspaceId, streamId, ['end'], { isLast: true })
      expect((await collect(streamId)).map(({ payload }) => payload)).toEqual(['a', 'end'])
    })

    contract('what is appended at the place of other events is refused and adds nothing', async () => {
      const streamId = newStream()
      await log.writer.append(workspaceId, streamId, ['a', 'b'])
      for (const payloads of [['x'], ['b', 'c']])
        await expect(log.writer.appendAt(workspaceId, streamId, 2, payloads)).rejects.toMatchObject({
          code: 'INTERNAL_SERVER_ERROR',
        })
      await log.writer.append(workspaceId, streamId, ['end'], { isLast: true })
      expect((await collect(streamId)).map(({ payload }) => payload)).toEqual(['a', 'b', 'end'])
    })

    contract('what is appended behind events that are missing is refused as that', async () => {
      const [unknown, short] = [newStream(), newStream()]
      await log.writer.append(workspaceId, short, ['a'])
      for (const streamId of [unknown, short])
        await expect(log.writer.appendAt(workspaceId, streamId, 3, ['c'])).rejects.toMatchObject({
          code: 'EVENTS_GONE',
        })
    })

    contract('another workspace sees nothing of a stream', async () => {
      const streamId = newStream()
      const foreign = collect(streamId, undefined, 'ws_2')
      await log.writer.append(workspaceId, streamId, ['secret'], { isLast: true })
      expect(await collect(streamId)).toHaveLength(1)
      await log.writer.append('ws_2', streamId, ['own'], { isLast: true })
      for (const events of [await foreign, await collect(streamId, undefined, 'ws_2')])
        expect(events.map(({ payload }) => payload)).toEqual(['own'])
    })

    contract('a cursor that is none, or of a later event than there is, is refused', async () => {
      const streamId = newStream()
      await log.writer.append(workspaceId, streamId, ['a'], { isLast: true })
      for (const cursor of ['', 'x', 's-1', "s1'; drop table", 's99']) {
        await expect(collect(streamId, cursor)).rejects.toMatchObject({ code: 'CURSOR_INVALID' })
      }
    })

    contract('a cursor of a stream that is no longer kept is refused as that', async () => {
      const streamId = newStream()
      await log.writer.append(workspaceId, streamId, ['a', 'end'], { isLast: true })
      const [first] = await collect(streamId)
      await log.writer.expire(-1000)
      await expect(collect(streamId, first!.cursor)).rejects.toMatchObject({ code: 'EVENTS_GONE', isRetryable: false })
    })

    contract('an aborted follower ends at once and is no longer counted', async () => {
      const streamId = newStream()
      const controller = new AbortController()
      const events = log.reader.follow({ workspaceId, streamId, signal: controller.signal })
      const waiting = events.next()
      await expect.poll(() => log.reader.followerCount(workspaceId, streamId), { timeout: 10_000 }).toBe(1)
      expect(log.reader.followerCount('ws_another', streamId)).toBe(0)
      controller.abort()
      expect((await waiting).done).toBe(true)
      expect(log.reader.followerCount(workspaceId, streamId)).toBe(0)
    })

    contract('expired streams are deleted, open and recent ones are kept', async () => {
      const [closed, open_] = [newStream(), newStream()]
      await log.writer.append(workspaceId, closed, ['end'], { isLast: true })
      await log.writer.append(workspaceId, open_, ['a'])
      await log.writer.expire(3_600_000)
      expect(await collect(closed)).toHaveLength(1)
      await log.writer.expire(-1000)
      expect(await log.reader.read(workspaceId, closed)).toEqual([])
      await log.writer.append(workspaceId, open_, ['b'], { isLast: true })
      expect((await collect(open_)).map(({ payload }) => payload)).toEqual(['a', 'b'])
    })

    contract('what a transaction appends is there when it commits, and only then', async () => {
      const streamId = newStream()
      const events = log.reader.follow({ workspaceId, streamId, signal: AbortSignal.timeout(10_000) })
      const first = events.next()
      let isCommitted = false
      await log.database.sql.transaction(async (transaction) => {
        expect(await log.writer.append(workspaceId, streamId, ['a', 'b'], { transaction })).toBe(true)
        expect(await Promise.race([first.then(() => 'seen'), tick()])).not.toBe('seen')
        isCommitted = true
      })
      expect((await first).value?.payload).toBe('a')
      expect(isCommitted).toBe(true)
      expect((await events.next()).value?.payload).toBe('b')
      await events.return(undefined)
    })

    contract('a transaction that is rolled back adds nothing and closes nothing', async () => {
      const streamId = newStream()
      for (const isLast of [false, true]) {
        await expect(
          log.database.sql.transaction(async (transaction) => {
            await log.writer.append(workspaceId, streamId, ['never'], { transaction, isLast })
            throw new Error('rolled back')
          }),
        ).rejects.toThrow('rolled back')
        for (const each of [log.writer, log.reader])
          expect(await each.append(workspaceId, streamId, ['kept'])).toBe(true)
      }
      await log.writer.append(workspaceId, streamId, ['end'], { isLast: true })
      const events = await collect(streamId)
      expect(events.map(({ payload }) => payload)).toEqual(['kept', 'kept', 'kept', 'kept', 'end'])
      expect(events.map(({ cursor }) => parseCursor(cursor))).toEqual([1, 2, 3, 4, 5])
    })

    contract('appends of one process are in the order in which they were awaited, in transactions or not', async () => {
      const streamId = newStream()
      const following = collect(streamId)
      const expected: string[] = []
      for (let round = 0; round < 25; round += 1) {
        const [inside, behind] = [`${round} in a transaction`, `${round} directly`]
        await log.database.sql.transaction((transaction) =>
          log.writer.append(workspaceId, streamId, [inside], { transaction }),
        )
        await log.writer.append(workspaceId, streamId, [behind])
        expected.push(inside, behind)
      }
      await log.database.sql.transaction((transaction) =>
        log.writer.append(workspaceId, streamId, ['end'], { transaction, isLast: true }),
      )
      expect((await following).map(({ payload }) => payload)).toEqual([...expected, 'end'])
    })

    contract('once the transaction that closes a stream has committed, nobody adds to it', async () => {
      for (let round = 0; round < 10; round += 1) {
        const streamId = newStream()
        await log.reader.append(workspaceId, streamId, ['a'])
        await log.database.sql.transaction((transaction) =>
          log.writer.append(workspaceId, streamId, ['end'], { transaction, isLast: true }),
        )
        for (const each of [log.reader, log.writer]) {
          expect(await each.append(workspaceId, streamId, ['late'])).toBe(false)
          expect(
            await log.database.sql.transaction((transaction) =>
              each.append(workspaceId, streamId, ['late'], { transaction }),
            ),
          ).toBe(false)
        }
        expect((await collect(streamId)).map(({ payload }) => payload)).toEqual(['a', 'end'])
      }
    })

    contract('what a closing transaction reads is all there will ever be, its own last event included', async () => {
      for (let round = 0; round < 10; round += 1) {
        const streamId = newStream()
        let [isOpen, count] = [true, 0]
        const appending = (async () => {
          while (await log.reader.append(workspaceId, streamId, [`${count}`])) {
            count += 1
            // PGlite answers within the same turn of the event loop: nobody else would have one.
            await tick()
          }
          isOpen = false
        })()
        await expect.poll(() => count, { interval: 1, timeout: 15_000 }).toBeGreaterThan(3)
        const read = await log.database.sql.transaction(async (transaction) => {
          await log.writer.append(workspaceId, streamId, ['end'], { transaction, isLast: true })
          return await log.writer.read(workspaceId, streamId, { transaction })
        })
        await appending
        expect(isOpen).toBe(false)
        expect(read.map(({ payload }) => payload)).toEqual([
          ...Array.from({ length: count }, (_, index) => `${index}`),
          'end',
        ])
        const followed = await collect(streamId)
        expect(read.map(({ cursor, payload }) => ({ cursor, payload }))).toEqual(
          followed.map(({ cursor, payload }) => ({ cursor, payload })),
        )
        expect(await log.reader.read(workspaceId, streamId)).toEqual(followed)
      }
    })

    contract('writers of two processes at once leave no gap and no double', async () => {
      const streamId = newStream()
      const expected = Array.from({ length: 200 }, (_, index) => `w${index}`)
      await Promise.all(
        expected.map((payload, index) => {
          const each = index % 2 === 0 ? log.writer : log.reader
          return index % 5 === 0
            ? log.database.sql.transaction((transaction) =>
                each.append(workspaceId, streamId, [payload], { transaction }),
              )
            : each.append(workspaceId, streamId, [payload])
        }),
      )
      await expect
        .poll(async () => (await log.reader.read(workspaceId, streamId)).length, { timeout: 15_000 })
        .toBe(expected.length)
      await log.writer.append(workspaceId, streamId, ['end'], { isLast: true })
      const events = await collect(streamId)
      expect(events.map(({ cursor }) => parseCursor(cursor))).toEqual(
        Array.from({ length: 201 }, (_, index) => index + 1),
      )
      expect(new Set(events.map(({ payload }) => payload))).toEqual(new Set([...expected, 'end']))
    })

    contract('transactions of two processes at once: every event arrives, in the order of the commits', async () => {
      const streamIds = Array.from({ length: 4 }, newStream)
      const following = streamIds.map((streamId) => collect(streamId))
      const committed = new Map(streamIds.map((streamId) => [streamId, [] as string[]]))
      await Promise.all(
        Array.from({ length: 200 }, (_, index) => {
          const each = index % 2 === 0 ? log.writer : log.reader
          const streamId = streamIds[Math.floor(index / 2) % streamIds.length]!
          return log.database.sql.transaction(async (transaction) => {
            await each.append(workspaceId, streamId, [`w${index}`], { transaction })
            // The next one gets its answer when this one has committed.
            committed.get(streamId)!.push(`w${index}`)
          })
        }),
      )
      for (const streamId of streamIds) await log.writer.append(workspaceId, streamId, ['end'], { isLast: true })
      const followed = await Promise.all(following)
      expect(followed.map((events) => events.map(({ payload }) => payload))).toEqual(
        streamIds.map((streamId) => [...committed.get(streamId)!, 'end']),
      )
    })

    contract('ids that hold separators, patterns, quotes and other scripts are just ids', async () => {
      const ids = [
        'a:b',
        'a',
        ':',
        '*',
        '{a}',
        '%2F',
        "'; drop table",
        ' ',
        'é – 漢字 🦉',
        '../..',
        'a\nb',
        'x'.repeat(1000),
      ]
      for (const id of ids) await log.writer.append(id, id, [`of ${id}`], { isLast: true })
      for (const id of ids) {
        expect((await collect(id, undefined, id)).map(({ payload }) => payload)).toEqual([`of ${id}`])
      }
      // The two ids are told apart wherever the border between them is.
      await log.writer.append('w:a', 'b', ['first'], { isLast: true })
      await log.writer.append('w', 'a:b', ['second'], { isLast: true })
      expect((await collect('b', undefined, 'w:a')).map(({ payload }) => payload)).toEqual(['first'])
    })

    contract('a payload of 1 MiB is kept, a larger one is refused and nothing is added', async () => {
      const streamId = newStream()
      const largest = 'x'.repeat(MAXIMUM_PAYLOAD_BYTES - 2)
      await expect(log.writer.append(workspaceId, streamId, ['a', `${largest}x`])).rejects.toMatchObject({
        code: 'CAPACITY_EXCEEDED',
        isRetryable: false,
      })
      for (let index = 0; index < 8; index += 1) await log.writer.append(workspaceId, streamId, [largest])
      await log.writer.append(workspaceId, streamId, ['end'], { isLast: true })
      const events = await collect(streamId)
      expect(events.map(({ payload }) => payload.length)).toEqual([
        ...Array.from({ length: 8 }, () => largest.length),
        3,
      ])
    })

    contract(
      '5,000 followers of 50 streams get every event',
      async () => {
        const streamIds = Array.from({ length: 50 }, newStream)
        const signal = AbortSignal.timeout(60_000)
        const following = Array.from({ length: 5000 }, async (_, index) => {
          const payloads: string[] = []
          for await (const event of log.reader.follow({ workspaceId, streamId: streamIds[index % 50]!, signal }))
            payloads.push(event.payload)
          return payloads
        })
        for (let round = 0; round < 3; round += 1)
          await Promise.all(
            streamIds.map((streamId) =>
              log.writer.append(workspaceId, streamId, [`${round}`], { isLast: round === 2 }),
            ),
          )
        for (const payloads of await Promise.all(following)) expect(payloads).toEqual(['0', '1', '2'])
        expect(streamIds.map((streamId) => log.reader.followerCount(workspaceId, streamId))).toEqual(
          streamIds.map(() => 0),
        )
      },
      90_000,
    )

    end()
  })
}
