// Weaviate as a VectorStore: the contract, the faults of a store in another process, and what is Weaviate's own.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mountSmallDisk } from '../../../test/harness/small-disk.ts'
import { describeWithService } from '../../../test/services/service.ts'
import { ensureWeaviate, startWeaviate, type RunningWeaviate } from '../../../test/services/weaviate.ts'
import { describeVectorStoreFaults } from '../ports/vector-store-faults.contract.ts'
import { describeFullVectorStore } from '../ports/vector-store-full.contract.ts'
import { describeVectorStore } from '../ports/vector-store.contract.ts'
import { axis, findWords, noSignal, place, searchOf, space } from '../ports/vector-store.fixture.ts'
import { chunkObject } from './weaviate-objects.ts'
import { createWeaviateVectorStore, type WeaviateVectorStoreOptions } from './weaviate-vector-store.ts'

const newPrefix = () => `Test${randomBytes(6).toString('hex')}N`

function openStore(server: RunningWeaviate, options: Partial<WeaviateVectorStoreOptions> = {}) {
  const { url, environment } = server
  const [grpcUrl, apiKey] = [environment['WEAVIATE_GRPC_URL']!, environment['WEAVIATE_API_KEY']]
  const collectionPrefix = options.collectionPrefix ?? newPrefix()
  const store = createWeaviateVectorStore({ url, grpcUrl, apiKey, ...options, collectionPrefix })
  return { store, data: collectionPrefix, dispose: () => store.close() }
}

/** A request of the REST API. */
async function ask(server: RunningWeaviate, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${server.url}/v1${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${server.environment['WEAVIATE_API_KEY'] ?? ''}`,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

describeWithService('Weaviate', await ensureWeaviate(), (installation) => {
  let server: RunningWeaviate
  beforeAll(async () => {
    // A tenth of what it finds by default, so that its limit is met by fewer objects.
    server = await startWeaviate(installation, { environment: { QUERY_MAXIMUM_RESULTS: '1000' } })
  })
  afterAll(() => server.close())

  describeVectorStore('Weaviate', async () => openStore(server))

  describeVectorStoreFaults('Weaviate', async () => {
    const key = () => randomBytes(12).toString('hex')
    const service = await startWeaviate(installation, { apiKeys: { administrator: key(), reader: key() } })
    return {
      service,
      keyVariable: 'WEAVIATE_API_KEY',
      setReadOnly: service.setReadOnly,
      open: ({ timeoutMs, hasWrongKey, data } = {}) =>
        openStore(service, {
          ...(timeoutMs === undefined ? {} : { timeouts: { readMs: timeoutMs, writeMs: timeoutMs } }),
          ...(hasWrongKey ? { apiKey: 'wrong' } : {}),
          ...(data === undefined ? {} : { collectionPrefix: data }),
        }),
      async markNewer(data) {
        await ask(service, 'POST', '/schema', { class: `${data}V2Texts` })
      },
    }
  })

  describeFullVectorStore(
    'Weaviate',
    async () => {
      const disk = await mountSmallDisk(128)
      const service = await startWeaviate(installation, { parent: disk.directory })
      const { store, dispose } = openStore(service)
      return {
        store,
        variable: 'WEAVIATE_URL',
        async fill() {
          // It is full for Weaviate before there is no room at all.
          await disk.fill(6)
          await expect.poll(() => service.output(), { timeout: 10_000 }).toContain('Set READONLY')
        },
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
    },
    {
      'a store that was full takes the refused write once there is room':
        'Weaviate 1.30 stays read-only until it is started again',
    },
  )

  const chunksOf = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      id: `chunk_${index}`,
      text: `walrus number${index}`,
      vector: axis(index % 3),
    }))

  test('a document of more chunks than the server finds at once is counted, read and deleted whole', async () => {
    const { store, dispose } = openStore(server)
    await store.upsert(place('doc_1'), space, chunksOf(2_500), noSignal)
    expect(await store.count('ws_a', 'doc_1', noSignal)).toEqual({ texts: 2_500, vectors: 2_500 })
    const { chunks } = await store.readDocument('ws_a', 'doc_1', noSignal)
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(2_500)
    await store.deleteDocument('ws_a', 'doc_1', noSignal)
    expect(await store.count('ws_a', 'doc_1', noSignal)).toEqual({ texts: 0, vectors: 0 })
    expect(await findWords(store, 'walrus')).toEqual([])
    await dispose()
  })

  test('chunks that several processes write at the same time are counted once', async () => {
    const stores = [openStore(server)]
    for (let more = 0; more < 3; more++) stores.push(openStore(server, { collectionPrefix: stores[0]!.data }))
    for (let round = 0; round < 3; round++)
      await Promise.all(stores.map(({ store }) => store.upsert(place('doc_1'), space, chunksOf(300), noSignal)))
    expect(await stores[0]!.store.count('ws_a', 'doc_1', noSignal)).toEqual({ texts: 300, vectors: 300 })
    await stores[0]!.store.deleteDocument('ws_a', 'doc_1', noSignal)
    expect(await stores[0]!.store.count('ws_a', 'doc_1', noSignal)).toEqual({ texts: 0, vectors: 0 })
    for (const { dispose } of stores) await dispose()
  })

  test('a collection that several processes make at the same time is written to by all', async () => {
    for (let round = 0; round < 12; round++) {
      const stores = [openStore(server)]
      for (let more = 0; more < 5; more++) stores.push(openStore(server, { collectionPrefix: stores[0]!.data }))
      // Their connections stand, so that they all begin with making it.
      await Promise.all(stores.map(({ store }) => store.count('ws_a', 'doc_0', noSignal)))
      await Promise.all(
        stores.map(({ store }, index) => store.upsert(place(`doc_${index}`), space, chunksOf(2), noSignal)),
      )
      for (const { dispose } of stores) await dispose()
    }
  })

  test('a document whose server was killed right behind its last batch is found by its vectors when it is written again', async () => {
    const service = await startWeaviate(installation)
    const { store, data, dispose } = openStore(service)
    await store.upsert(place('doc_1'), space, chunksOf(1), noSignal)
    const { classes } = (await ask(service, 'GET', '/schema')) as { classes: { class: string }[] }
    const collection = classes.find(({ class: name }) => name.startsWith(data))!.class
    const cut = { id: 'chunk_cut', text: 'pelican', vector: axis(1) }
    // As an upsert that comes so far and no further.
    const objects = [{ class: collection, ...chunkObject(place('doc_2'), cut) }]
    await ask(service, 'POST', '/batch/objects', { objects })
    await service.stop('SIGKILL')
    await service.start()
    await store.upsert(place('doc_2'), space, [cut], noSignal)
    const { dense } = await store.search(searchOf({ vectors: [{ space, vector: axis(1) }], limit: 1 }))
    expect(dense).toMatchObject([[{ chunkId: 'chunk_cut' }]])
    await dispose()
    await service.close()
  })

  test('a workspace is a tenant, and one that was deactivated is searched', async () => {
    const { store, data, dispose } = openStore(server)
    await store.upsert(place('doc_1'), space, chunksOf(1), noSignal)
    const { classes } = (await ask(server, 'GET', '/schema')) as { classes: { class: string }[] }
    const [collection] = classes.filter(({ class: name }) => name.startsWith(data))
    const tenants = `/schema/${collection!.class}/tenants`
    expect(await ask(server, 'GET', tenants)).toMatchObject([{ name: 'ws_a' }])
    await ask(server, 'PUT', tenants, [{ name: 'ws_a', activityStatus: 'INACTIVE' }])
    expect(await store.search(searchOf({ text: 'walrus', vectors: [{ space, vector: axis(0) }] }))).toMatchObject({
      dense: [[{ chunkId: 'chunk_0' }]],
      lexical: [{ chunkId: 'chunk_0' }],
    })
    await dispose()
  })

  test('more replicas than there are nodes are refused by the name of the variable', async () => {
    const { store, dispose } = openStore(server, { replicas: 3 })
    await expect(store.upsert(place('doc_1'), space, chunksOf(1), noSignal)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      isRetryable: true,
      message: expect.stringContaining('TRIBUTARY_WEAVIATE_REPLICAS') as string,
    })
    await dispose()
  })

  test('a prefix that names of collections cannot hold is refused', () => {
    expect(() => openStore(server, { collectionPrefix: 'small' })).toThrow(/collectionPrefix is "small"/)
  })
})
