// What a VectorStore in another process does when that process is restarted, away, stuck, or does not let it in; and what several processes
// that use it at once see of each other.
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { TributaryError } from '#shared/errors.ts'
import { contractCases, type ContractSkips } from '../../../test/harness/contract-case.ts'
import type { RunningService } from '../../../test/services/server.ts'
import type { VectorStoreUnderTest } from './vector-store.contract.ts'
import { axis, expectWhole, findWords, noSignal, place, searchOf, space, versionOf } from './vector-store.fixture.ts'
import type { VectorStore } from './vector-store.ts'

export interface OpenStoreOptions {
  /** Of every request, in milliseconds. Default: those of the adapter. */
  timeoutMs?: number
  /** With a key that the service does not know. */
  hasWrongKey?: boolean
  /** Data of another store, as `dataOf` names it. Default: fresh and empty. */
  data?: string
}

/** A store's data is its collections, by whatever they are found again. */
export interface OpenedStore extends VectorStoreUnderTest {
  data: string
}

export interface FaultyService {
  service: Pick<RunningService, 'stop' | 'start' | 'pause' | 'resume' | 'close'>
  open(options?: OpenStoreOptions): OpenedStore | Promise<OpenedStore>
  /** The variable that holds the key, as the error of a wrong one names it. */
  keyVariable: string
  /** From the service's next start on it refuses writes, or takes them again. */
  setReadOnly(isReadOnly: boolean): void
  /** Makes it look as if a newer program had written to this data. */
  markNewer(data: string): Promise<void>
}

/** What "fast" is for a call that cannot succeed. */
const FAST_MS = 5_000
const SHORT_TIMEOUT_MS = 1_000

/** How often a store that is well may miss a short time limit on a machine that does much else. */
const TRIES = 20

/** What a store with a short time limit answers in the end. Each try is an ordinary call of the same store; what may not be tried again is not. */
async function untilInTime<Result>(call: () => Promise<Result>): Promise<Result> {
  for (let left = TRIES - 1; ; left -= 1)
    try {
      return await call()
    } catch (error) {
      if (left === 0 || !(error instanceof TributaryError && error.isRetryable)) throw error
    }
}

export function describeVectorStoreFaults(
  name: string,
  start: () => Promise<FaultyService>,
  skips: ContractSkips = {},
): void {
  describe(`VectorStore on ${name}`, () => {
    const { contract, end } = contractCases(skips)
    let faulty: FaultyService
    const opened: OpenedStore[] = []
    const open = async (options?: OpenStoreOptions) => {
      const store = await faulty.open(options)
      opened.push(store)
      return store
    }
    beforeAll(async () => {
      faulty = await start()
    })
    afterEach(async () => {
      for (const { dispose } of opened.splice(0)) await dispose()
    })
    afterAll(() => faulty?.service.close())

    const chunk = { id: 'chunk_1', text: 'walrus', vector: axis(0) }
    const search = (store: VectorStore) =>
      store.search(searchOf({ text: 'walrus', vectors: [{ space, vector: axis(0) }] }))
    const writes = (store: VectorStore): Record<string, () => Promise<unknown>> => ({
      upsert: () => store.upsert(place('doc_1'), space, [chunk], noSignal),
      deleteDocument: () => store.deleteDocument('ws_a', 'doc_1', noSignal),
      deleteKnowledgeBase: () => store.deleteKnowledgeBase('ws_a', 'kb_a', noSignal),
    })
    const callsOf = (store: VectorStore): Record<string, () => Promise<unknown>> => ({
      ...writes(store),
      search: () => search(store),
      count: () => store.count('ws_a', 'doc_1', noSignal),
      readDocument: () => store.readDocument('ws_a', 'doc_1', noSignal),
    })
    const found = { dense: [[{ chunkId: 'chunk_1' }]], lexical: [{ chunkId: 'chunk_1' }] }

    contract('two processes that begin at the same moment share what they make', async () => {
      const first = await open()
      const others = await Promise.all([1, 2, 3].map(() => open({ data: first.data })))
      const stores = [first, ...others].map(({ store }) => store)
      await Promise.all(
        stores.map((store, index) =>
          store.upsert(place(`doc_${index}`), space, [{ ...chunk, id: `chunk_${index}` }], noSignal),
        ),
      )
      for (const store of stores) {
        const { dense, lexical } = await search(store)
        for (const list of [dense[0]!, lexical])
          expect(list.map(({ chunkId }) => chunkId).toSorted()).toEqual(['chunk_0', 'chunk_1', 'chunk_2', 'chunk_3'])
      }
    })

    contract(
      'a process that searched before sees what another wrote since, in a space that it did not know',
      async () => {
        const [reader, other] = [await open(), { modelName: 'another/model', dimensions: 2 }]
        const writer = await open({ data: reader.data })
        expect(await search(reader.store)).toEqual({ dense: [[]], lexical: [] })
        await writer.store.upsert(place('doc_1'), space, [chunk], noSignal)
        expect(await search(reader.store)).toMatchObject(found)
        const vector = Float32Array.of(0, 1)
        await writer.store.upsert(place('doc_2'), other, [{ id: 'chunk_2', text: 'pelican', vector }], noSignal)
        const wanted = searchOf({ text: 'pelican', vectors: [{ space: other, vector }] })
        expect(await reader.store.search(wanted)).toMatchObject({ dense: [[{ chunkId: 'chunk_2' }]], lexical: [{}] })
        await writer.store.deleteKnowledgeBase('ws_a', 'kb_a', noSignal)
        expect(await search(reader.store)).toEqual({ dense: [[]], lexical: [] })
      },
    )

    contract('concurrent writers in several processes leave what one of them wrote, whole', async () => {
      const first = await open()
      const second = await open({ data: first.data })
      await Promise.all(
        [first, second].map(({ store }, writer) => store.upsert(place('doc_1'), space, versionOf(writer), noSignal)),
      )
      for (const { store } of [first, second]) await expectWhole(store, 'doc_1', [0, 1])
    })

    contract('a store that is killed and started again has everything that was acknowledged', async () => {
      const { store } = await open()
      // Of many equal vectors a graph of neighbours may not reach another one: each has its own.
      const chunks = versionOf(0)
        .slice(0, 300)
        .map(({ vector }, index) => ({ ...chunk, id: `chunk_${index}`, vector }))
      await store.upsert(place('doc_1'), space, chunks, noSignal)
      await store.upsert(place('doc_2'), space, [{ ...chunk, id: 'chunk_gone' }], noSignal)
      await store.deleteDocument('ws_a', 'doc_2', noSignal)
      const last = { id: 'chunk_last', text: 'pelican', vector: axis(1) }
      await store.upsert(place('doc_3', 'kb_b'), space, [last], noSignal)
      await faulty.service.stop('SIGKILL')
      await faulty.service.start()
      const wanted = { knowledgeBaseIds: ['kb_b'], vectors: [{ space, vector: axis(1) }] }
      expect((await store.search(searchOf(wanted))).dense).toMatchObject([[{ chunkId: 'chunk_last' }]])
      expect(await store.count('ws_a', 'doc_1', noSignal)).toEqual({ texts: 300, vectors: 300 })
      expect(await store.count('ws_a', 'doc_2', noSignal)).toEqual({ texts: 0, vectors: 0 })
      const { dense, lexical } = await search(store)
      expect([dense[0]!.length, lexical.length]).toEqual([10, 10])
    })

    contract(
      'while the store is away calls fail fast and may be tried again; when it is back they succeed',
      async () => {
        const { store } = await open()
        await writes(store)['upsert']!()
        await faulty.service.stop()
        try {
          for (const [call, run] of Object.entries(callsOf(store))) {
            const beganAt = performance.now()
            await expect(run(), call).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', isRetryable: true })
            expect(performance.now() - beganAt, call).toBeLessThan(FAST_MS)
          }
          // A process that starts now is not harmed by it.
          const late = await open()
          await expect(search(late.store)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
          await faulty.service.start()
          expect(await search(late.store)).toEqual({ dense: [[]], lexical: [] })
        } finally {
          // Once more does no harm where it runs.
          await faulty.service.stop()
          await faulty.service.start()
        }
        expect(await search(store)).toMatchObject(found)
      },
    )

    contract(
      'calls of a store that accepts and never answers end with their time limit, or with their caller',
      async () => {
        const { store, data } = await open()
        await writes(store)['upsert']!()
        const hasty = await open({ data, timeoutMs: SHORT_TIMEOUT_MS })
        expect(await untilInTime(() => search(hasty.store))).toMatchObject(found)
        faulty.service.pause()
        try {
          for (const [call, run] of Object.entries(callsOf(hasty.store))) {
            const beganAt = performance.now()
            await expect(run(), call).rejects.toMatchObject({ isRetryable: true })
            expect(performance.now() - beganAt, call).toBeLessThan(SHORT_TIMEOUT_MS + FAST_MS)
          }
          const [controller, reason] = [new AbortController(), new Error('The caller left.')]
          const beganAt = performance.now()
          const waiting = store.search(searchOf({ text: 'walrus', signal: controller.signal }))
          setImmediate(() => controller.abort(reason))
          await expect(waiting).rejects.toBe(reason)
          expect(performance.now() - beganAt).toBeLessThan(FAST_MS)
        } finally {
          faulty.service.resume()
        }
        expect(await store.count('ws_a', 'doc_2', noSignal)).toEqual({ texts: 0, vectors: 0 })
        await untilInTime(writes(hasty.store)['upsert']!)
        expect(await untilInTime(() => findWords(hasty.store, 'walrus'))).toEqual(['chunk_1'])
      },
    )

    contract('a wrong key is told by the name of its variable, and not tried again', async () => {
      const { store } = await open({ hasWrongKey: true })
      for (const [call, run] of Object.entries(callsOf(store))) {
        const outcome = expect(run(), call).rejects
        await outcome.toMatchObject({ code: 'CONFIGURATION_INVALID', isRetryable: false })
        await expect(run(), call).rejects.toThrow(faulty.keyVariable)
      }
    })

    contract('a store that takes no writes can be searched, and says so to a writer', async () => {
      const { store } = await open()
      await writes(store)['upsert']!()
      faulty.setReadOnly(true)
      await faulty.service.stop()
      await faulty.service.start()
      try {
        expect(await search(store)).toMatchObject(found)
        for (const [call, run] of Object.entries(writes(store)))
          await expect(run(), call).rejects.toMatchObject({
            isRetryable: true,
            message: expect.stringContaining('no writes') as string,
          })
      } finally {
        faulty.setReadOnly(false)
        await faulty.service.stop()
        await faulty.service.start()
      }
      await writes(store)['deleteDocument']!()
      expect(await search(store)).toEqual({ dense: [[]], lexical: [] })
    })

    contract('what a newer program left is neither read nor changed', async () => {
      const { store, data } = await open()
      await writes(store)['upsert']!()
      await faulty.markNewer(data)
      for (const opened of [store, (await open({ data })).store])
        for (const [call, run] of Object.entries(callsOf(opened)))
          await expect(run(), call).rejects.toMatchObject({ code: 'DATA_DIRECTORY_NEWER', isRetryable: false })
    })

    end()
  })
}
