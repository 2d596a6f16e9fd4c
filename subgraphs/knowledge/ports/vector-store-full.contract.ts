// What a VectorStore does on a disk that is full, and when there is room again.
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { contractCases, type ContractSkips } from '../../../test/harness/contract-case.ts'
import { smallDiskMissing } from '../../../test/harness/small-disk.ts'
import { axis, byId, noSignal, place, searchOf, space } from './vector-store.fixture.ts'
import type { VectorStore } from './vector-store.ts'

export interface SmallVectorStore {
  store: VectorStore
  /** Names where the full disk is: that of the server's address, or of the directory. */
  variable: string
  /** Resolves once the store takes it for full. */
  fill(): Promise<void>
  makeRoom(): Promise<void>
  restart(): Promise<void>
  /** Closes the store, too. */
  close(): Promise<void>
}

const CASES = {
  says: 'a full store says so',
  isRead: 'a full store is read all the same',
  heals: 'a store that was full takes the refused write once there is room',
  restarts: 'a store that was full, started again with room, has what it acknowledged and takes more',
}

/** Reasons for all of these cases. */
export const fullDiskSkips = (reason: string): ContractSkips =>
  Object.fromEntries(Object.values(CASES).map((name) => [name, reason]))

export function describeFullVectorStore(
  name: string,
  openSmall: () => Promise<SmallVectorStore>,
  skips: ContractSkips = {},
): void {
  describe(`VectorStore on ${name}`, () => {
    const { contract, end } = contractCases(smallDiskMissing === null ? skips : fullDiskSkips(smallDiskMissing))
    let small: SmallVectorStore
    beforeEach(async () => {
      small = await openSmall()
      await small.store.upsert(place('doc_kept'), space, kept, noSignal)
      await small.fill()
    })
    afterEach(() => small?.close())

    const write = () => small.store.upsert(place('doc_refused'), space, refused, noSignal)
    const countOf = (documentId: string) => small.store.count('ws_a', documentId, noSignal)
    const full = () => ({
      code: 'CAPACITY_EXCEEDED',
      isRetryable: true,
      message: expect.stringMatching(new RegExp(`full.*${small.variable}|${small.variable}.*full`)) as string,
    })
    async function expectKept(): Promise<void> {
      const { dense, lexical } = await small.store.search(
        searchOf({ text: 'walrus', vectors: [{ space, vector: axis(0) }] }),
      )
      for (const list of [dense[0]!, lexical])
        expect(list.map(({ chunkId }) => chunkId).toSorted()).toEqual(kept.map(({ id }) => id))
      expect(byId((await small.store.readDocument('ws_a', 'doc_kept', noSignal)).chunks)).toEqual(kept)
    }

    contract(CASES.says, async () => {
      await expect(write()).rejects.toMatchObject(full())
      await expect(write()).rejects.toMatchObject(full())
      // What there is of it is whole.
      const { chunks } = await small.store.readDocument('ws_a', 'doc_refused', noSignal)
      expect(refused).toEqual(expect.arrayContaining(chunks))
      expect(chunks.length).toBeLessThan(refused.length)
    })

    contract(CASES.isRead, async () => {
      await expect(write()).rejects.toMatchObject(full())
      await expectKept()
    })

    contract(CASES.heals, async () => {
      await expect(write()).rejects.toMatchObject(full())
      await small.makeRoom()
      await write()
      expect(await countOf('doc_refused')).toEqual({ texts: refused.length, vectors: refused.length })
      await small.store.deleteDocument('ws_a', 'doc_refused', noSignal)
      await expectKept()
    })

    contract(CASES.restarts, async () => {
      await expect(write()).rejects.toMatchObject(full())
      // Of a model that it does not know yet: where that is made anew, there may be room yet.
      const other = { modelName: 'another/model', dimensions: 3 }
      const writeOther = () => small.store.upsert(place('doc_other'), other, refused.slice(0, 1), noSignal)
      await writeOther().catch(() => undefined)
      await small.makeRoom()
      await small.restart()
      await expectKept()
      await write()
      await writeOther()
      expect(await countOf('doc_refused')).toEqual({ texts: refused.length - 1, vectors: refused.length - 1 })
      expect(await countOf('doc_other')).toEqual({ texts: 1, vectors: 1 })
    })

    end()
  })
}

const kept = [0, 1, 2].map((index) => ({ id: `chunk_kept_${index}`, text: 'walrus', vector: axis(0) }))
/** Of other words and another direction than what is kept, and more than fits into what a store has reserved. */
const refused = Array.from({ length: 600 }, (_, index) => ({
  id: `chunk_refused_${index}`,
  text: `pelican ${'of many feathers '.repeat(60)}`,
  vector: axis(1),
}))
