// What a GraphStore does on a disk that is full, and when there is room again.
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { contractCases, type ContractSkips } from '../../../test/harness/contract-case.ts'
import { smallDiskMissing } from '../../../test/harness/small-disk.ts'
import { OWN_FIELDS } from '../domain/graph-selection.ts'
import type { GraphStore, StoredContributions } from './graph-store.ts'

export interface SmallGraphStore {
  store: GraphStore
  /** Names where the full disk is: that of the server's address, or of the directory. */
  variable: string
  fill(): Promise<void>
  makeRoom(): Promise<void>
  restart(): Promise<void>
  /** Closes the store, too. */
  close(): Promise<void>
}

const CASES = {
  says: 'a full store says so, and what is to be done',
  isRead: 'a full store is read all the same',
  heals: 'a store that was full takes the refused write once there is room',
  restarts: 'a store that was full, started again with room, has what it acknowledged and takes more',
}
/** Some servers take half a minute to start where the machine is busy. */
const PATIENCE_MS = 240_000

export function describeFullGraphStore(
  name: string,
  openSmall: () => Promise<SmallGraphStore>,
  skips: ContractSkips = {},
): void {
  describe(`GraphStore on ${name}`, () => {
    const unmountable = Object.fromEntries(Object.values(CASES).map((each) => [each, smallDiskMissing ?? '']))
    const { contract, end } = contractCases(smallDiskMissing === null ? skips : unmountable)
    let small: SmallGraphStore
    beforeEach(async () => {
      small = await openSmall()
      await write(kept)
      await small.fill()
    }, PATIENCE_MS)
    afterEach(() => small?.close())

    const signal = new AbortController().signal
    const write = (contributions: StoredContributions) => small.store.replaceDocument('ws_f', contributions, signal)
    const read = ({ knowledgeBaseId, documentId }: StoredContributions) =>
      small.store.readDocument('ws_f', knowledgeBaseId, documentId, signal)
    const namesOfAll = async () => {
      const scope = { kind: 'knowledge-bases', ids: ['kb_f'] } as const
      const page = { limit: 10, after: null }
      const found = await small.store.entitiesOf({ workspaceId: 'ws_f', scope, page, selection: OWN_FIELDS, signal })
      return found.get('kb_f')?.map((entity) => entity.name)
    }
    const expectRefusal = () =>
      expect(write(refused)).rejects.toMatchObject({
        code: expect.stringMatching(/^(CAPACITY_EXCEEDED|UPSTREAM_UNAVAILABLE)$/) as string,
        isRetryable: true,
        message: expect.stringMatching(new RegExp(`${small.variable}.* is full.*Make room`)) as string,
      })

    contract(
      CASES.says,
      async () => {
        await expectRefusal()
        await expectRefusal()
      },
      PATIENCE_MS,
    )

    contract(
      CASES.isRead,
      async () => {
        await expectRefusal()
        expect(await namesOfAll()).toEqual(['ada'])
        expect(await read(kept)).toEqual(kept)
      },
      PATIENCE_MS,
    )

    contract(
      CASES.heals,
      async () => {
        await expectRefusal()
        await small.makeRoom()
        expect(await write(refused)).toBe('replaced')
        expect((await read(refused)).entities).toHaveLength(refused.entities.length)
      },
      PATIENCE_MS,
    )

    contract(
      CASES.restarts,
      async () => {
        await expectRefusal()
        await small.makeRoom()
        await small.restart()
        expect(await read(kept)).toEqual(kept)
        // What was told to have failed may have been done; then it was done whole.
        expect([0, refused.entities.length]).toContain((await read(refused)).entities.length)
        expect(await write(refused)).toBe('replaced')
        expect((await read(refused)).entities).toHaveLength(refused.entities.length)
      },
      PATIENCE_MS,
    )

    end()
  })
}

const entity = (id: string, name: string) => ({
  id,
  type: 'PERSON' as const,
  normalizedName: name,
  name,
  mentions: [{ startOffset: 0, endOffset: 3, page: null, chunkId: null }],
})

const kept: StoredContributions = {
  knowledgeBaseId: 'kb_f',
  documentId: 'doc_kept',
  entities: [entity('ent_ada', 'ada')],
  relationships: [],
}

/** Its names take more than what a store has reserved. */
const refused: StoredContributions = {
  knowledgeBaseId: 'kb_f',
  documentId: 'doc_refused',
  entities: Array.from({ length: 2_000 }, (_, index) =>
    entity(`ent_${index}`, `${index}${' of many names'.repeat(40)}`),
  ),
  relationships: [],
}
