// What every BlobStore does, on a good day and on bad ones.
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { startChild } from '../test/harness/child.ts'
import { contractCases, type ContractSkips } from '../test/harness/contract-case.ts'
import { ABANDONED_MS, type BlobStore } from './blob-store.ts'
import { chunks, KILLED_BYTES, sha256Of } from './blob-store.fixture.ts'

export interface BlobStoreUnderTest {
  /** As another process would: on the same bytes. The clock is for what is swept. */
  open(options?: { now?: () => Date }): BlobStore
  /** Environment of a process that writes to the same store (blob-store.fixture.ts). */
  environment: Record<string, string>
  /** Names of what is on its way, or was left half written. */
  leftovers(): Promise<string[]>
  /** Another store, on a disk of a few megabytes. */
  openSmall(): Promise<{ store: BlobStore; setReadOnly(isReadOnly: boolean): Promise<void>; close(): Promise<void> }>
  /** Null when no server is behind it. */
  service: BlobService | null
  close(): Promise<void>
}

export interface BlobService {
  start(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
  pause(): void
  resume(): void
  /** Stores that are set up wrongly, each with the variable that a message has to name. */
  misconfigured(): { store: BlobStore; variable: string }[]
}

/** Reasons for stores without a server to skip what only servers do. */
export const NO_SERVER_SKIPS: ContractSkips = Object.fromEntries(
  [
    'a server that was killed and started again has every blob',
    'a server that is away fails calls fast and as retryable, and is used again when it is back',
    'a server that accepts and never answers fails calls as retryable',
    'a stream whose server falls silent or goes away ends with an error that is retryable',
    'wrong credentials and a missing bucket name the variable to look at',
  ].map((name) => [name, 'there is no server behind it']),
)

const HOSTILE_KEYS = [
  '',
  '../../etc/passwd',
  'ws_1/../ws_2',
  '/etc/passwd',
  `ws_1/${'a'.repeat(63)}`,
  `ws_1/${'A'.repeat(64)}`,
  `ws_1/${'a'.repeat(64)}\n`,
  `../ws_1/${'a'.repeat(64)}`,
  `ws_1//${'a'.repeat(64)}`,
  `incoming/8b0e0c1a-0000-4000-8000-000000000000`,
]

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return Buffer.concat(parts)
}

async function* of(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text)
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes of buffers that somebody still needs. */
function liveBytes(): number {
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

/** Of which nothing may be asked. */
// oxlint-disable-next-line require-yield
async function* unread(): AsyncGenerator<Buffer> {
  throw new Error('somebody read the source')
}

/** Some bytes, then never any more, nor an end; told when somebody waits for more. */
async function* silentAfter(sizeBytes: number, onSilent: () => void): AsyncGenerator<Buffer> {
  yield* chunks(sizeBytes)
  setImmediate(onSilent)
  await new Promise(() => undefined)
}

export function describeBlobStore(
  name: string,
  open: () => Promise<BlobStoreUnderTest>,
  skips: ContractSkips = {},
): void {
  describe(`BlobStore on ${name}`, () => {
    const { contract, end } = contractCases(skips)
    let underTest: BlobStoreUnderTest
    let blobs: BlobStore
    beforeAll(async () => {
      underTest = await open()
      blobs = underTest.open()
    })
    afterAll(async () => {
      await blobs.close()
      await underTest.close()
    })

    contract('equal bytes are one blob, and come back as they were', async () => {
      const bytes = Buffer.from('hello')
      const first = await blobs.put('ws_1', bytes)
      expect(await blobs.put('ws_1', bytes)).toEqual(first)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      expect(first).toEqual({ key: `ws_1/${sha256}`, sha256, sizeBytes: 5 })
      expect(await blobs.read(first.key)).toEqual(bytes)
      expect(await collect(blobs.stream(first.key))).toEqual(bytes)
      expect(await blobs.has(first.key)).toBe(true)
    })

    contract('no bytes at all are a blob, too', async () => {
      const { key, sizeBytes } = await blobs.put('ws_1', new Uint8Array())
      expect(await blobs.putStream('ws_1', of())).toMatchObject({ key, sizeBytes: 0 })
      expect(sizeBytes).toBe(0)
      expect(await blobs.has(key)).toBe(true)
      expect(await blobs.read(key)).toEqual(Buffer.alloc(0))
    })

    contract('a stream is hashed and counted while it arrives', async () => {
      const sizes: number[] = []
      const info = await blobs.putStream('ws_1', of('hel', 'lo'), { onSize: (size) => sizes.push(size) })
      expect(sizes).toEqual([3, 5])
      expect(info).toEqual(await blobs.put('ws_1', Buffer.from('hello')))
    })

    contract(
      'a stream of 200 MB is written and read whole, in a few parts at a time',
      async () => {
        const totalBytes = 200_000_000
        const before = liveBytes()
        let [most, sampledAt] = [0, 0]
        const sample = (size: number) => {
          if (size - sampledAt < 10_000_000) return
          sampledAt = size
          most = Math.max(most, liveBytes() - before)
        }
        const { key, sha256 } = await blobs.putStream('ws_1', chunks(totalBytes), { onSize: sample })
        expect(sha256).toBe(await sha256Of(totalBytes))
        const hash = createHash('sha256')
        let sizeBytes = 0
        sampledAt = 0
        for await (const part of blobs.stream(key)) {
          hash.update(part as Buffer)
          sizeBytes += (part as Buffer).byteLength
          sample(sizeBytes)
        }
        expect(sizeBytes).toBe(totalBytes)
        expect(hash.digest('hex')).toBe(sha256)
        // A few parts, and what a busy machine has not yet freed; never the whole.
        expect(most).toBeLessThan(100_000_000)
        expect(await underTest.leftovers()).toEqual([])
        await blobs.delete(key)
      },
      60_000,
    )

    contract('writers of the same bytes at once make one blob, which readers see whole or not at all', async () => {
      const totalBytes = 20_000_000
      const key = `ws_same/${await sha256Of(totalBytes)}`
      const state = { isWriting: true }
      const readers = Array.from({ length: 2 }, async () => {
        while (state.isWriting) {
          const bytes = await blobs.read(key).catch((error: { code?: string }) => error)
          if (Buffer.isBuffer(bytes)) expect(bytes.byteLength).toBe(totalBytes)
          else expect(bytes.code).toBe('NOT_FOUND')
        }
      })
      const another = underTest.open()
      const written = await Promise.all(
        [blobs, another, blobs, another].map((store) => store.putStream('ws_same', chunks(totalBytes))),
      ).finally(() => (state.isWriting = false))
      await Promise.all(readers)
      expect(written.map((info) => info.key)).toEqual([key, key, key, key])
      expect((await blobs.read(key)).byteLength).toBe(totalBytes)
      expect(await underTest.leftovers()).toEqual([])
      await another.close()
    })

    contract('a refused or broken stream leaves nothing behind, early or late', async () => {
      for (const limit of [10_000, 30_000_000]) {
        const onSize = (size: number) => {
          if (size > limit) throw new Error('too much')
        }
        await expect(blobs.putStream('ws_1', chunks(Infinity), { onSize })).rejects.toThrow('too much')
        async function* broken() {
          yield* chunks(limit)
          throw new Error('the line was cut')
        }
        await expect(blobs.putStream('ws_1', broken())).rejects.toThrow('the line was cut')
        expect(await blobs.has(`ws_1/${await sha256Of(limit)}`)).toBe(false)
      }
      expect(await underTest.leftovers()).toEqual([])
    })

    contract('an aborted call ends with the reason of its signal, also while its source is silent', async () => {
      const { key } = await blobs.put('ws_1', Buffer.from('hello'))
      const reason = new Error('nobody waits any more')
      const aborted = AbortSignal.abort(reason)
      await expect(blobs.put('ws_1', Buffer.from('other'), aborted)).rejects.toBe(reason)
      await expect(blobs.putStream('ws_1', of('other'), { signal: aborted })).rejects.toBe(reason)
      await expect(blobs.read(key, aborted)).rejects.toBe(reason)
      await expect(collect(blobs.stream(key, aborted))).rejects.toBe(reason)
      await expect(blobs.has(key, aborted)).rejects.toBe(reason)
      await expect(blobs.delete(key, aborted)).rejects.toBe(reason)
      expect(await blobs.has(key)).toBe(true)
      for (const sizeBytes of [1000, 20_000_000]) {
        const controller = new AbortController()
        const source = silentAfter(sizeBytes, () => controller.abort(reason))
        const writing = blobs.putStream('ws_1', source, { signal: controller.signal })
        await expect(writing).rejects.toBe(reason)
      }
      await expect.poll(() => underTest.leftovers(), { timeout: 15_000 }).toEqual([])
    })

    contract('a reader that leaves or is aborted half way holds nothing back', async () => {
      const { key } = await blobs.putStream('ws_1', chunks(20_000_000))
      for (let round = 0; round < 250; round += 1) for await (const _part of blobs.stream(key)) break
      const controller = new AbortController()
      const reason = new Error('nobody waits any more')
      const reading = (async () => {
        for await (const _part of blobs.stream(key, controller.signal)) controller.abort(reason)
      })()
      await expect(reading).rejects.toBe(reason)
      expect(await blobs.has(key)).toBe(true)
    })

    contract('what is no key is never looked for', async () => {
      for (const key of HOSTILE_KEYS) {
        await expect(blobs.read(key)).rejects.toMatchObject({ code: 'NOT_FOUND' })
        await expect(collect(blobs.stream(key))).rejects.toMatchObject({ code: 'NOT_FOUND' })
        await expect(blobs.delete(key)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      }
      for (const workspaceId of ['', '..', 'ws_1/..', 'WS', 'ws 1', 'ws_1\0'])
        for (const write of [
          () => blobs.put(workspaceId, Buffer.from('a')),
          () => blobs.putStream(workspaceId, unread()),
        ])
          await expect(write()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    contract('the same bytes of two workspaces are two blobs', async () => {
      const [one, two] = [
        await blobs.put('ws_1', Buffer.from('shared')),
        await blobs.put('ws_2', Buffer.from('shared')),
      ]
      await blobs.delete(one.key)
      expect(await blobs.has(one.key)).toBe(false)
      expect(await blobs.read(two.key)).toEqual(Buffer.from('shared'))
    })

    contract('a deleted blob is gone, and deleting it again is no error', async () => {
      const { key } = await blobs.put('ws_1', Buffer.from('gone'))
      await blobs.delete(key)
      await blobs.delete(key)
      expect(await blobs.has(key)).toBe(false)
      await expect(blobs.read(key)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await expect(collect(blobs.stream(key))).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    contract('a writer that is killed leaves no blob, and what it left is swept a day later', async () => {
      const child = await startChild({
        name: 'blob writer',
        command: process.execPath,
        arguments: [fileURLToPath(new URL('./blob-store.fixture.ts', import.meta.url))],
        environment: { PATH: process.env['PATH'], ...underTest.environment },
        isReady: (line) => line === 'half',
      })
      await expect.poll(() => underTest.leftovers(), { timeout: 10_000 }).not.toEqual([])
      await child.stop('SIGKILL')
      const written = [KILLED_BYTES, KILLED_BYTES / 2].map(async (sizeBytes) =>
        blobs.has(`ws_killed/${await sha256Of(sizeBytes)}`),
      )
      expect(await Promise.all(written)).toEqual([false, false])
      const leave = async (ageMs: number) => {
        const store = underTest.open({ now: () => new Date(Date.now() + ageMs) })
        await store.putStream('ws_1', of('the first write of another process'))
        return store
      }
      const soon = await leave(ABANDONED_MS / 2)
      expect(await underTest.leftovers()).not.toEqual([])
      const late = await leave(ABANDONED_MS * 2)
      await expect.poll(() => underTest.leftovers(), { timeout: 15_000 }).toEqual([])
      await Promise.all([soon.close(), late.close()])
    })

    contract('a full store says so, and takes what fits again', async () => {
      const small = await underTest.openSmall()
      try {
        await expect(small.store.put('ws_1', await collect(chunks(7_000_000)))).rejects.toMatchObject({
          code: 'CAPACITY_EXCEEDED',
          isRetryable: true,
          message: expect.stringMatching(/TRIBUTARY_DATA_DIR|S3_BUCKET/) as string,
        })
        await expect(small.store.putStream('ws_1', chunks(30_000_000))).rejects.toMatchObject({
          code: 'CAPACITY_EXCEEDED',
        })
        const { key } = await small.store.put('ws_1', Buffer.from('small enough'))
        expect(await small.store.read(key)).toEqual(Buffer.from('small enough'))
      } finally {
        await small.close()
      }
    })

    contract('a read-only store is read, and refuses writes for good', async () => {
      const small = await underTest.openSmall()
      try {
        const { key } = await small.store.put('ws_1', Buffer.from('kept'))
        await small.setReadOnly(true)
        expect(await small.store.read(key)).toEqual(Buffer.from('kept'))
        for (const refused of [
          () => small.store.put('ws_1', Buffer.from('new')),
          () => small.store.putStream('ws_1', chunks(20_000_000)),
          () => small.store.delete(key),
        ])
          await expect(refused()).rejects.toMatchObject({
            code: expect.stringMatching(/^(CONFIGURATION_INVALID|DATA_DIRECTORY_READ_ONLY)$/),
            isRetryable: false,
          })
        await small.setReadOnly(false)
        expect(await small.store.has(key)).toBe(true)
      } finally {
        await small.close()
      }
    })

    contract('a server that was killed and started again has every blob', async () => {
      const service = underTest.service!
      const infos = await Promise.all(
        Array.from({ length: 10 }, (_, index) => blobs.put('ws_1', Buffer.from(`before ${index}`))),
      )
      infos.push(await blobs.putStream('ws_1', chunks(20_000_000)))
      await service.stop('SIGKILL')
      await service.start()
      for (const { key, sizeBytes } of infos) expect((await blobs.read(key)).byteLength).toBe(sizeBytes)
    })

    contract(
      'a server that is away fails calls fast and as retryable, and is used again when it is back',
      async () => {
        const service = underTest.service!
        const { key } = await blobs.put('ws_1', Buffer.from('hello'))
        await service.stop()
        const startedAt = performance.now()
        await expectUnavailable(blobs, key)
        expect(performance.now() - startedAt).toBeLessThan(10_000)
        await service.start()
        // What the source says counts more than that nothing can be taken back any more.
        async function* broken() {
          yield* chunks(20_000_000)
          await service.stop()
          throw new Error('the line was cut')
        }
        await expect(blobs.putStream('ws_1', broken())).rejects.toThrow('the line was cut')
        await service.start()
        expect(await blobs.read(key)).toEqual(Buffer.from('hello'))
      },
      60_000,
    )

    contract(
      'a server that accepts and never answers fails calls as retryable',
      async () => {
        const service = underTest.service!
        const { key } = await blobs.put('ws_1', Buffer.from('hello'))
        service.pause()
        try {
          await expectUnavailable(blobs, key)
          // Who stops waiting need not wait for that.
          const reason = new Error('nobody waits any more')
          const controller = new AbortController()
          const reading = blobs.read(key, controller.signal)
          const writing = blobs.putStream('ws_1', chunks(20_000_000), { signal: controller.signal })
          setTimeout(() => controller.abort(reason), 100)
          await expect(reading).rejects.toBe(reason)
          await expect(writing).rejects.toBe(reason)
        } finally {
          service.resume()
        }
        expect(await blobs.read(key)).toEqual(Buffer.from('hello'))
      },
      120_000,
    )

    contract(
      'a stream whose server falls silent or goes away ends with an error that is retryable',
      async () => {
        const service = underTest.service!
        const { key } = await blobs.putStream('ws_1', chunks(100_000_000))
        const readUntil = async (happens: () => unknown) => {
          let sizeBytes = 0
          for await (const part of blobs.stream(key)) {
            if (sizeBytes === 0) await happens()
            sizeBytes += (part as Buffer).byteLength
          }
        }
        await expect(readUntil(() => service.stop('SIGKILL'))).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
        await service.start()
        try {
          await expect(readUntil(() => service.pause())).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
        } finally {
          service.resume()
        }
        await blobs.delete(key)
      },
      120_000,
    )

    contract('wrong credentials and a missing bucket name the variable to look at', async () => {
      const { key } = await blobs.put('ws_1', Buffer.from('hello'))
      for (const { store, variable } of underTest.service!.misconfigured()) {
        for (const refused of [
          () => store.read(key),
          () => store.has(`ws_1/${'0'.repeat(64)}`),
          () => store.put('ws_1', Buffer.from('other')),
          () => store.putStream('ws_1', chunks(20_000_000)),
          () => store.delete(key),
        ])
          await expect(refused()).rejects.toMatchObject({
            code: 'CONFIGURATION_INVALID',
            isRetryable: false,
            message: expect.stringContaining(variable),
          })
        await store.close()
      }
    })

    end()
  })
}

/** Each kind of call, all at the same time. */
async function expectUnavailable(blobs: BlobStore, key: string): Promise<void> {
  const calls = [
    blobs.read(key),
    blobs.has(key),
    collect(blobs.stream(key)),
    blobs.put('ws_1', Buffer.from('while it is away')),
    blobs.putStream('ws_1', chunks(20_000_000)),
    // Not the blob that is read: a server that was paused does later what nobody waits for any more.
    blobs.delete(`ws_1/${'0'.repeat(64)}`),
  ]
  for (const outcome of await Promise.allSettled(calls))
    expect(outcome).toMatchObject({ reason: { code: 'UPSTREAM_UNAVAILABLE', isRetryable: true } })
}
