// Chroma as a VectorStore: the contract, the faults of a store in another process, and what is Chroma's own.
import { AdminClient, ChromaClient } from 'chromadb'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensureChroma, startChroma, type RunningChroma } from '../../../test/services/chroma.ts'
import { mountSmallDisk } from '../../../test/harness/small-disk.ts'
import { describeWithService } from '../../../test/services/service.ts'
import { describeVectorStoreFaults } from '../ports/vector-store-faults.contract.ts'
import { describeFullVectorStore } from '../ports/vector-store-full.contract.ts'
import { describeVectorStore } from '../ports/vector-store.contract.ts'
import { findWords, noSignal, place } from '../ports/vector-store.fixture.ts'
import { createChromaVectorStore, type ChromaVectorStoreOptions } from './chroma-vector-store.ts'

function openStore({ url }: RunningChroma, options: Partial<ChromaVectorStoreOptions> = {}) {
  const collectionPrefix = options.collectionPrefix ?? `test-${randomBytes(6).toString('hex')}`
  const store = createChromaVectorStore({ url, ...options, collectionPrefix })
  return { store, data: collectionPrefix, dispose: () => store.close() }
}

describeWithService('Chroma', await ensureChroma(), (installation) => {
  let server: RunningChroma
  beforeAll(async () => {
    server = await startChroma(installation)
  })
  afterAll(() => server.close())

  describeVectorStore('Chroma', async () => openStore(server))

  describeVectorStoreFaults(
    'Chroma',
    async () => {
      const service = await startChroma(installation)
      return {
        service,
        keyVariable: 'CHROMA_TOKEN',
        setReadOnly: () => undefined,
        open: ({ timeoutMs, data } = {}) =>
          openStore(service, {
            ...(timeoutMs === undefined ? {} : { timeouts: { readMs: timeoutMs, writeMs: timeoutMs } }),
            ...(data === undefined ? {} : { collectionPrefix: data }),
          }),
        async markNewer(data) {
          const { hostname: host, port } = new URL(service.url)
          const client = new ChromaClient({ host, port: Number(port), ssl: false })
          await client.createCollection({ name: `${data}-v3-texts`, embeddingFunction: null })
        },
      }
    },
    {
      'a wrong key is told by the name of its variable, and not tried again':
        'the server of version 1 has no authentication of its own',
      'a store that takes no writes can be searched, and says so to a writer':
        'the server of version 1 has no read-only mode and no permissions',
    },
  )

  describeFullVectorStore('Chroma', async () => {
    const disk = await mountSmallDisk(64)
    const service = await startChroma(installation, { parent: disk.directory })
    const { store, dispose } = openStore(service)
    return {
      store,
      variable: 'CHROMA_URL',
      fill: () => disk.fill(),
      makeRoom: () => disk.makeRoom(),
      async restart() {
        await service.stop()
        await service.start()
      },
      async close() {
        await dispose()
        await service.close()
        await disk.close()
      },
    }
  })

  test('of more texts than are ranked at once those with all words and those with a rare one are found', async () => {
    const { store, dispose } = openStore(server)
    const texts = Array.from({ length: 2_500 }, (_, index) => (index % 2 === 0 ? 'walrus herd' : 'pelican herd'))
    const chunks = [...texts, 'walrus pelican herd', 'walrus narwhal'].map((text, index) => ({
      id: `chunk_${index}`,
      text,
      vector: null,
    }))
    await store.upsert(place('doc_1'), null, chunks, noSignal)
    expect((await findWords(store, 'herd walrus pelican'))[0]).toBe('chunk_2500')
    expect((await findWords(store, 'herd narwhal'))[0]).toBe('chunk_2501')
    await dispose()
  })

  test('a word is not taken for a pattern, nor for a part of another', async () => {
    const { store, dispose } = openStore(server)
    const chunks = ['max_size', 'maxxsize', 'max_sizes', 'size', 'wal', 'walrus'].map((text) => ({
      id: text,
      text,
      vector: null,
    }))
    await store.upsert(place('doc_1'), null, chunks, noSignal)
    expect(await findWords(store, 'max_size')).toEqual(['max_size', 'max_sizes', 'size'])
    expect(await findWords(store, 'maxxsize')).toEqual(['maxxsize'])
    expect(await findWords(store, 'wal')).toEqual(['wal'])
    await dispose()
  })

  test('what an older program left is neither read nor changed', async () => {
    const { store, data, dispose } = openStore(server)
    const { hostname: host, port } = new URL(server.url)
    const client = new ChromaClient({ host, port: Number(port), ssl: false })
    const left = await client.createCollection({ name: `${data}-v1-texts`, embeddingFunction: null })
    const { id, text } = { id: JSON.stringify(['ws_a', 'chunk_1']), text: ' walrus=' }
    await left.add({ ids: [id], embeddings: [[0.5]], documents: [text], metadatas: [{ workspace: 'ws_a' }] })
    await store.upsert(place('doc_1'), null, [{ id: 'chunk_1', text: 'pelican', vector: null }], noSignal)
    expect(await findWords(store, 'walrus')).toEqual([])
    await store.deleteDocument('ws_a', 'doc_1', noSignal)
    expect((await left.get()).documents).toEqual([text])
    await dispose()
  })

  test('what is in one database is not in another, and one that is not there is told by its variable', async () => {
    const { hostname: host, port } = new URL(server.url)
    const admin = new AdminClient({ host, port: Number(port), ssl: false })
    const tenant = `tenant-${randomBytes(6).toString('hex')}`
    await admin.createTenant({ name: tenant })
    await admin.createDatabase({ name: 'own', tenant })
    const own = openStore(server, { tenant, database: 'own' })
    const chunk = { id: 'chunk_1', text: 'walrus', vector: null }
    await own.store.upsert(place('doc_1'), null, [chunk], noSignal)
    expect(await findWords(own.store, 'walrus')).toEqual(['chunk_1'])
    const beside = openStore(server, { collectionPrefix: own.data })
    expect(await findWords(beside.store, 'walrus')).toEqual([])
    const nowhere = openStore(server, { tenant, database: 'nowhere' })
    const outcome = expect(nowhere.store.upsert(place('doc_1'), null, [chunk], noSignal)).rejects
    await outcome.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      isRetryable: false,
      message: expect.stringMatching(/CHROMA_DATABASE.*CHROMA_TENANT/) as string,
    })
    for (const { dispose } of [own, beside, nowhere]) await dispose()
  })

  test('a prefix that names of collections cannot hold is refused', () => {
    expect(() => openStore(server, { collectionPrefix: 'a/b' })).toThrow(/collectionPrefix is "a\/b"/)
  })
})
