// What a GraphStore does while the service below it is restarted, away, silent, read-only or of another mind. For stores that are a server.
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { contractCases, type ContractSkips } from '../../../test/harness/contract-case.ts'
import type { RunningService } from '../../../test/services/server.ts'
import { OWN_FIELDS } from '../domain/graph-selection.ts'
import type { GraphStore, StoredContributions } from './graph-store.ts'

export interface FaultyGraphStores {
  service: RunningService
  /** A store over the service; a read gives up after this many milliseconds. */
  open(options?: { readTimeoutMs?: number }): Promise<GraphStore>
  openWithWrongPassword(): Promise<GraphStore>
  /** Makes the service refuse to write, or take writes again. */
  setReadOnly(isReadOnly: boolean): Promise<void>
  /** Makes the store look as if a later program had used it. */
  noteNewerVersion(): Promise<void>
  forgetNewerVersion(): Promise<void>
  /** Takes away one part of what the migrations made, and their note that they are done. */
  undoHalfOfMigration(): Promise<void>
}

export function describeGraphStoreFaults(
  name: string,
  start: () => FaultyGraphStores,
  skips: ContractSkips = {},
): void {
  describe(`GraphStore on ${name}`, () => {
    const { contract, end } = contractCases(skips)
    let faulty: FaultyGraphStores
    const opened: GraphStore[] = []
    // A suite of which every case is skipped has nothing to start.
    beforeEach(() => {
      faulty ??= start()
    })
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close()
    })
    const open = async (options?: { readTimeoutMs?: number }) => {
      const store = await faulty.open(options)
      opened.push(store)
      return store
    }
    const signal = new AbortController().signal
    const namesIn = async (store: GraphStore, documentId: string) => {
      const scope = { kind: 'documents', ids: [documentId] } as const
      const page = { limit: 10, after: null }
      const found = await store.entitiesOf({ workspaceId: 'ws_f', scope, page, selection: OWN_FIELDS, signal })
      return found.get(documentId)?.map((entity) => entity.name) ?? []
    }
    const write = (store: GraphStore, documentId: string) => store.replaceDocument('ws_f', ada(documentId), signal)

    contract('a service that is killed and started again has all that was stored, and the store goes on', async () => {
      const store = await open()
      await write(store, 'doc_1')
      await faulty.service.stop('SIGKILL')
      await faulty.service.start()
      expect(await namesIn(store, 'doc_1')).toEqual(['ada'])
      await write(store, 'doc_2')
      expect(await namesIn(store, 'doc_2')).toEqual(['ada'])
    })

    contract('calls to a service that is away fail soon and may be tried again, and then succeed', async () => {
      const store = await open()
      await write(store, 'doc_3')
      await faulty.service.stop()
      const startedAt = performance.now()
      const away = { code: 'UPSTREAM_UNAVAILABLE', isRetryable: true }
      await expect(namesIn(store, 'doc_3')).rejects.toMatchObject(away)
      await expect(write(store, 'doc_4')).rejects.toMatchObject(away)
      expect(performance.now() - startedAt).toBeLessThan(15_000)
      await faulty.service.start()
      expect(await namesIn(store, 'doc_3')).toEqual(['ada'])
      expect(await write(store, 'doc_4')).toBe('replaced')
    })

    contract('a service that accepts and never answers is given up after the time limit', async () => {
      const store = await open({ readTimeoutMs: 3_000 })
      await write(store, 'doc_5')
      faulty.service.pause()
      try {
        await expect(namesIn(store, 'doc_5')).rejects.toMatchObject({ code: 'UPSTREAM_TIMED_OUT', isRetryable: true })
        const leaving = AbortSignal.timeout(50)
        const options = { workspaceId: 'ws_f', selection: OWN_FIELDS, signal: leaving }
        await expect(store.findEntities(['ent_ada'], options)).rejects.toMatchObject({ name: 'TimeoutError' })
      } finally {
        faulty.service.resume()
      }
      await expect.poll(() => namesIn(store, 'doc_5').catch(() => []), { timeout: 30_000 }).toEqual(['ada'])
    })

    contract('wrong credentials are said to be wrong', async () => {
      await expect(faulty.openWithWrongPassword()).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
    })

    contract('a store that may only be read says so, and loses nothing', async () => {
      await write(await open(), 'doc_5')
      await faulty.setReadOnly(true)
      const store = await open()
      await expect(write(store, 'doc_6')).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', isRetryable: true })
      await expect(write(store, 'doc_6')).rejects.toThrow(/read-only/)
      expect(await namesIn(store, 'doc_5')).toEqual(['ada'])
      await faulty.setReadOnly(false)
      expect(await write(store, 'doc_6')).toBe('replaced')
    })

    contract('a store that a later program has used is left alone', async () => {
      await faulty.noteNewerVersion()
      try {
        await expect(open()).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
        await expect(open()).rejects.toThrow(/version 1000/)
      } finally {
        await faulty.forgetNewerVersion()
      }
    })

    contract(
      'a migration that was killed half done is finished at the next start, also by several at once',
      async () => {
        await faulty.undoHalfOfMigration()
        const [store] = await Promise.all([open(), open(), open(), open()] as const)
        await write(store, 'doc_7')
        expect(await namesIn(store, 'doc_7')).toEqual(['ada'])
      },
    )

    end()
  })
}

function ada(documentId: string): StoredContributions {
  const mentions = [{ startOffset: 0, endOffset: 3, page: null, chunkId: null }]
  const entity = { id: 'ent_ada', type: 'PERSON' as const, normalizedName: 'ada', name: 'ada', mentions }
  return { knowledgeBaseId: 'kb_f', documentId, entities: [entity], relationships: [] }
}
