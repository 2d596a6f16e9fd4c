// What every StreamLog does, whichever database is below.
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { contractCases, type ContractSkips } from '../test/harness/contract-case.ts'
import type { StreamEvent, StreamLog } from './stream-log.ts'

export interface StreamLogUnderTest {
  /** Two logs over the same store, as two processes would have. */
  writer: StreamLog<string>
  reader: StreamLog<string>
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

    contract('events arrive within milliseconds of their append', async () => {
      const streamId = newStream()
      const events = log.reader.follow({ workspaceId, streamId, signal: AbortSignal.timeout(10_000) })
      await log.writer.append(workspaceId, streamId, ['first'])
      await events.next()
      const waiting = events.next()
      await new Promise((resolve) => setImmediate(resolve))
      const appendedAt = performance.now()
      await log.writer.append(workspaceId, streamId, ['second'])
      expect((await waiting).value?.payload).toBe('second')
      expect(performance.now() - appendedAt).toBeLessThan(900)
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

    contract('another workspace sees nothing of a stream', async () => {
      const streamId = newStream()
      await log.writer.append(workspaceId, streamId, ['secret'], { isLast: true })
      const foreign = log.reader.follow({ workspaceId: 'ws_2', streamId, signal: AbortSignal.timeout(300) })
      expect((await foreign.next()).done).toBe(true)
    })

    contract('a cursor that is none, or of a later event than there is, is refused', async () => {
      const streamId = newStream()
      await log.writer.append(workspaceId, streamId, ['a'], { isLast: true })
      for (const cursor of ['', 'x', 's-1', "s1'; drop table", 's99']) {
        await expect(collect(streamId, cursor)).rejects.toMatchObject({ code: 'CURSOR_INVALID' })
      }
    })

    contract('an aborted follower ends at once and is no longer counted', async () => {
      const streamId = newStream()
      const controller = new AbortController()
      const events = log.reader.follow({ workspaceId, streamId, signal: controller.signal })
      const waiting = events.next()
      await expect.poll(() => log.reader.followerCount(streamId)).toBe(1)
      controller.abort()
      expect((await waiting).done).toBe(true)
      expect(log.reader.followerCount(streamId)).toBe(0)
    })

    contract('expired streams are deleted, open and recent ones are kept', async () => {
      const [closed, open_] = [newStream(), newStream()]
      await log.writer.append(workspaceId, closed, ['end'], { isLast: true })
      await log.writer.append(workspaceId, open_, ['a'])
      await log.writer.expire(3_600_000)
      expect(await collect(closed)).toHaveLength(1)
      await log.writer.expire(-1000)
      const gone = log.reader.follow({ workspaceId, streamId: closed, signal: AbortSignal.timeout(200) })
      expect((await gone.next()).done).toBe(true)
      await log.writer.append(workspaceId, open_, ['b'], { isLast: true })
      expect((await collect(open_)).map(({ payload }) => payload)).toEqual(['a', 'b'])
    })

    end()
  })
}
