// Qdrant as a VectorStore: the contract, the faults of a store in another process, and what is Qdrant's own.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  ensureQdrant,
  nameOfQdrant,
  qdrantClient,
  removeCollections,
  startQdrant,
  type RunningQdrant,
} from '../../../test/services/qdrant.ts'
import { describeWithService } from '../../../test/services/service.ts'
import type { ContractSkips } from '../../../test/harness/contract-case.ts'
import { describeVectorStoreFaults } from '../ports/vector-store-faults.contract.ts'
import { describeFullVectorStore, fullDiskSkips } from '../ports/vector-store-full.contract.ts'
import { describeVectorStore } from '../ports/vector-store.contract.ts'
import { noSignal, place, searchOf } from '../ports/vector-store.fixture.ts'
import { createQdrantVectorStore, type QdrantVectorStoreOptions } from './qdrant-vector-store.ts'

const newPrefix = () => `test-${randomBytes(6).toString('hex')}`

function openStore(server: RunningQdrant, options: Partial<QdrantVectorStoreOptions> = {}) {
  const { url, apiKey } = server
  const collectionPrefix = options.collectionPrefix ?? newPrefix()
  const store = createQdrantVectorStore({ url, apiKey, ...options, collectionPrefix })
  return {
    store,
    data: collectionPrefix,
    async dispose() {
      await store.close()
      await removeCollections(server, collectionPrefix)
    },
  }
}

const OWN_SERVER = 'the server at QDRANT_URL belongs to somebody else and is neither stopped, paused nor locked'
const skipsOn = (kind: 'front' | 'server'): ContractSkips =>
  kind === 'front'
    ? {}
    : {
        'a store that is killed and started again has everything that was acknowledged': OWN_SERVER,
        'while the store is away calls fail fast and may be tried again; when it is back they succeed': OWN_SERVER,
        'calls of a store that accepts and never answers end with their time limit, or with their caller': OWN_SERVER,
        'a store that takes no writes can be searched, and says so to a writer': OWN_SERVER,
        ...(process.env['QDRANT_API_KEY']
          ? {}
          : { 'a wrong key is told by the name of its variable, and not tried again': 'QDRANT_API_KEY is not set' }),
      }

describeWithService('Qdrant', await ensureQdrant(), (installation) => {
  const name = nameOfQdrant(installation)
  let server: RunningQdrant
  beforeAll(async () => {
    server = await startQdrant(installation)
  })
  afterAll(() => server.close())

  describeVectorStore(name, async () => openStore(server))

  describeVectorStoreFaults(
    name,
    async () => {
      const service = await startQdrant(installation, { apiKey: randomBytes(12).toString('hex') })
      return {
        service,
        keyVariable: 'QDRANT_API_KEY',
        setReadOnly: service.setReadOnly,
        open: ({ timeoutMs, hasWrongKey, data } = {}) =>
          openStore(service, {
            ...(timeoutMs === undefined ? {} : { timeouts: { readMs: timeoutMs, writeMs: timeoutMs } }),
            ...(hasWrongKey ? { apiKey: 'wrong' } : {}),
            ...(data === undefined ? {} : { collectionPrefix: data }),
          }),
        async markNewer(data) {
          await qdrantClient(service).createCollection(`${data}-v2-texts`, { sparse_vectors: { lexical: {} } })
        },
      }
    },
    skipsOn(installation.kind),
  )

  describeFullVectorStore(
    name,
    () => expect.unreachable('every case is skipped'),
    fullDiskSkips('what a full disk does to the files of a real Qdrant server is not shown by another program'),
  )

  const chunkOf = (dimensions: number) => ({
    id: 'chunk_1',
    text: 'walrus',
    vector: Float32Array.from({ length: dimensions }, (_, index) => (index === 0 ? 1 : 0)),
  })
  const collectionsOf = async (prefix: string) => {
    const { collections } = await qdrantClient(server).getCollections()
    return collections.map(({ name: each }) => each).filter((each) => each.startsWith(`${prefix}-`))
  }

  test('a collection lies by workspace, and gets the indexes that a killed maker left out', async () => {
    const { store, data, dispose } = openStore(server)
    const space = { modelName: 'org/model:4', dimensions: 4 }
    await store.upsert(place('doc_1'), space, [chunkOf(4)], noSignal)
    const [collection] = await collectionsOf(data)
    expect(collection).toMatch(/-v1-org-model-4-4-[0-9a-f]{16}$/)
    const client = qdrantClient(server)
    const { config, payload_schema: indexes } = await client.getCollection(collection!)
    expect(config.params).toMatchObject({
      vectors: { dense: { size: 4, distance: 'Dot' } },
      sparse_vectors: { lexical: { modifier: 'idf' } },
    })
    expect(indexes).toMatchObject({
      workspace_id: { data_type: 'keyword', params: { is_tenant: true } },
      knowledge_base_id: { data_type: 'keyword' },
      document_id: { data_type: 'keyword' },
    })
    await client.deleteCollection(collection!)
    await client.createCollection(collection!, {
      vectors: { dense: { size: 4, distance: 'Dot' } },
      sparse_vectors: { lexical: { modifier: 'idf' } },
    })
    const next = openStore(server, { collectionPrefix: data })
    await next.store.upsert(place('doc_1'), space, [chunkOf(4)], noSignal)
    expect(Object.keys((await client.getCollection(collection!)).payload_schema)).toEqual(Object.keys(indexes))
    await next.dispose()
    await dispose()
  })

  test('a collection that somebody dropped is searched as empty, and made again by the next write', async () => {
    const { store, data, dispose } = openStore(server)
    const space = { modelName: 'org/model:4', dimensions: 4 }
    const search = () => store.search(searchOf({ text: 'walrus', vectors: [{ space, vector: chunkOf(4).vector }] }))
    await store.upsert(place('doc_1'), space, [chunkOf(4)], noSignal)
    await search()
    for (const each of await collectionsOf(data)) await qdrantClient(server).deleteCollection(each)
    expect(await search()).toEqual({ dense: [[]], lexical: [] })
    await store.upsert(place('doc_1'), space, [chunkOf(4)], noSignal)
    expect(await search()).toMatchObject({ dense: [[{ chunkId: 'chunk_1' }]], lexical: [{ chunkId: 'chunk_1' }] })
    await dispose()
  })

  test('quantization is that of the setting, also of a collection made with another, and vectors come back unharmed', async () => {
    const first = openStore(server, { quantization: 'scalar' })
    const space = { modelName: 'org/model:1024', dimensions: 1024 }
    const quantizationOf = async () => {
      const [collection] = await collectionsOf(first.data)
      return (await qdrantClient(server).getCollection(collection!)).config.quantization_config
    }
    await first.store.upsert(place('doc_1'), space, [chunkOf(1024)], noSignal)
    expect(await quantizationOf()).toMatchObject({ scalar: { type: 'int8' } })
    for (const [quantization, expected] of [
      ['binary', { binary: {} }],
      ['none', null],
    ] as const) {
      const { store } = openStore(server, { collectionPrefix: first.data, quantization })
      await store.upsert(place('doc_2'), space, [{ ...chunkOf(1024), id: 'chunk_2' }], noSignal)
      if (expected === null) expect((await quantizationOf()) ?? null).toBeNull()
      else expect(await quantizationOf()).toMatchObject(expected)
      const { dense } = await store.search(searchOf({ vectors: [{ space, vector: chunkOf(1024).vector }] }))
      expect(dense[0]).toHaveLength(2)
      await store.close()
    }
    expect((await first.store.readDocument('ws_a', 'doc_1', noSignal)).chunks).toEqual([chunkOf(1024)])
    await first.dispose()
  })

  test('binary quantization is refused where it would lose too much', async () => {
    const { store, dispose } = openStore(server, { quantization: 'binary' })
    const space = { modelName: 'small', dimensions: 384 }
    const upsert = () => store.upsert(place('doc_1'), space, [chunkOf(384)], noSignal)
    await expect(upsert()).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
    await expect(upsert()).rejects.toThrow(/384 dimensions: below 1024/)
    await dispose()
  })

  test('a prefix that names of collections cannot hold is refused', () => {
    expect(() => openStore(server, { collectionPrefix: 'a/b' })).toThrow(/collectionPrefix is "a\/b"/)
  })
})
