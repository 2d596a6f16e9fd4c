// LanceDB as a VectorStore: the contract, and what only files in a directory can get wrong.
import { connect, type Table } from '@lancedb/lancedb'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import seedrandom from 'seedrandom'
import { expect, test, vi } from 'vitest'
import { mountSmallDisk } from '../../../test/harness/small-disk.ts'
import { describeVectorStoreFaults } from '../ports/vector-store-faults.contract.ts'
import { describeFullVectorStore } from '../ports/vector-store-full.contract.ts'
import { describeVectorStore } from '../ports/vector-store.contract.ts'
import { noSignal, unit } from '../ports/vector-store.fixture.ts'
import { createLanceDbVectorStore, type LanceDbVectorStoreOptions } from './lancedb-vector-store.ts'

async function open(options: Partial<LanceDbVectorStoreOptions> = {}) {
  const directory = options.directory ?? (await mkdtemp(path.join(os.tmpdir(), 'tributary-vectors-')))
  const errors: unknown[] = []
  const store = await createLanceDbVectorStore({ directory, onError: (error) => errors.push(error), ...options })
  return {
    store,
    directory,
    errors,
    async dispose() {
      await store.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

describeVectorStore('LanceDB', open)
describeVectorStore('LanceDB: indexed from the first row', () =>
  open({ indexedRowsMin: 1, maintenanceRows: 1, maintenanceDelayMs: 1 }),
)

const ONE_WRITER = 'one process writes its files; what readers in others see is tested below'
const NO_SERVER = 'it is a library in the process that calls it: there is no server that could be away, stuck or locked'
describeVectorStoreFaults('LanceDB', () => expect.unreachable('every case is skipped'), {
  'two processes that begin at the same moment share what they make': ONE_WRITER,
  'a process that searched before sees what another wrote since, in a space that it did not know': ONE_WRITER,
  'concurrent writers in several processes leave what one of them wrote, whole': ONE_WRITER,
  'a store that is killed and started again has everything that was acknowledged': NO_SERVER,
  'while the store is away calls fail fast and may be tried again; when it is back they succeed': NO_SERVER,
  'calls of a store that accepts and never answers end with their time limit, or with their caller': NO_SERVER,
  'a wrong key is told by the name of its variable, and not tried again': 'it has no key',
  'a store that takes no writes can be searched, and says so to a writer':
    'files that cannot be written end the start of the platform (DATA_DIRECTORY_READ_ONLY)',
  'what a newer program left is neither read nor changed':
    'the data directory has one version for all its stores (DATA_DIRECTORY_NEWER)',
})

describeFullVectorStore('LanceDB', async () => {
  const disk = await mountSmallDisk(16)
  const openThere = () => createLanceDbVectorStore({ directory: disk.directory, onError: () => undefined })
  const small = {
    store: await openThere(),
    variable: 'TRIBUTARY_DATA_DIR',
    fill: () => disk.fill(),
    makeRoom: () => disk.makeRoom(),
    async restart() {
      await small.store.close()
      small.store = await openThere()
    },
    async close() {
      await small.store.close()
      await disk.close()
    },
  }
  return small
})

const place = { workspaceId: 'ws_a', knowledgeBaseId: 'kb_a', documentId: 'doc_1' }
const wanted = (text: string) => ({
  workspaceId: 'ws_a',
  knowledgeBaseIds: ['kb_a'],
  vectors: [],
  text,
  limit: 10,
  signal: noSignal,
})

test('a LanceDB reader opened earlier sees what the writer wrote since, in tables it did not know', async () => {
  const writer = await open()
  const reader = await createLanceDbVectorStore({
    directory: writer.directory,
    isWriter: false,
    onError: () => undefined,
  })
  expect((await reader.search(wanted('walrus'))).lexical).toEqual([])
  await writer.store.upsert(place, null, [{ id: 'chunk_1', text: 'walrus', vector: null }], noSignal)
  expect((await reader.search(wanted('walrus'))).lexical).toHaveLength(1)
  await writer.store.deleteDocument('ws_a', 'doc_1', noSignal)
  expect((await reader.search(wanted('walrus'))).lexical).toEqual([])
  await expect(reader.deleteDocument('ws_a', 'doc_1', noSignal)).rejects.toMatchObject({
    code: 'INTERNAL_SERVER_ERROR',
  })
  await reader.close()
  await writer.dispose()
})

test('maintenance of LanceDB tables runs beside writes and loses nothing', async () => {
  const { store, dispose, errors } = await open({ maintenanceRows: 1 })
  for (let index = 0; index < 40; index += 1) {
    const documentPlace = { ...place, documentId: `doc_${index}` }
    await store.upsert(documentPlace, null, [{ id: `chunk_${index}`, text: `walrus ${index}`, vector: null }], noSignal)
    if (index % 4 === 0) await store.deleteDocument('ws_a', `doc_${index}`, noSignal)
    await new Promise(setImmediate)
  }
  expect((await store.search({ ...wanted('walrus'), limit: 100 })).lexical).toHaveLength(30)
  expect(errors).toEqual([])
  await dispose()
})

test('vectors of LanceDB that are indexed are found exactly, those that changed since, too', async () => {
  const { store, directory, dispose, errors } = await open({ indexedRowsMin: 100, maintenanceRows: 1 })
  const space = { modelName: 'test', dimensions: 16 }
  const random = seedrandom('indexed vectors')
  const someVector = () => unit(Array.from({ length: 16 }, () => random() - 0.5))
  const vectors = new Map<string, Float32Array>()
  const write = async (documentId: string, from: number, count: number) => {
    const chunks = Array.from({ length: count }, (_, index) => ({
      id: `chunk_${from + index}`,
      text: 'walrus',
      vector: someVector(),
    }))
    for (const { id, vector } of chunks) vectors.set(id, vector)
    await store.upsert({ ...place, documentId }, space, chunks, noSignal)
  }
  const connection = await connect(directory, { readConsistencyInterval: 0 })
  const indexStats = async () => {
    const name = (await connection.tableNames()).find((one) => one.startsWith('vectors_'))!
    return (await connection.openTable(name)).indexStats('vector_idx')
  }
  const expectExact = async () => {
    for (let round = 0; round < 5; round += 1) {
      const vector = someVector()
      const cosine = (other: Float32Array) => other.reduce((sum, value, index) => sum + value * vector[index]!, 0)
      const nearest = [...vectors]
        .map(([id, other]) => ({ id, cosine: cosine(other) }))
        .toSorted((a, b) => b.cosine - a.cosine)
      const { dense } = await store.search({ ...wanted('walrus'), text: null, vectors: [{ space, vector }], limit: 20 })
      expect(dense[0]!.map(({ chunkId }) => chunkId)).toEqual(nearest.slice(0, 20).map(({ id }) => id))
    }
  }
  await write('doc_1', 0, 90)
  await expectExact()
  await write('doc_2', 90, 60)
  await vi.waitFor(async () => expect(await indexStats()).toMatchObject({ numIndexedRows: 150 }), { timeout: 10_000 })
  await expectExact()
  // The same chunks with other vectors, new ones, and a document less.
  await write('doc_1', 0, 40)
  await write('doc_3', 150, 30)
  await store.deleteDocument('ws_a', 'doc_2', noSignal)
  for (let index = 90; index < 150; index += 1) vectors.delete(`chunk_${index}`)
  await expectExact()
  // Each of these would leave a part of the index for every search to look into.
  for (let index = 0; index < 8; index += 1) {
    await write(`doc_${4 + index}`, 180 + index, 1)
    await vi.waitFor(async () => expect((await indexStats())?.numUnindexedRows).toBe(0), { timeout: 10_000 })
  }
  await vi.waitFor(async () => expect((await indexStats())!.numIndices).toBeLessThanOrEqual(4), { timeout: 10_000 })
  await expectExact()
  expect(errors).toEqual([])
  connection.close()
  await dispose()
}, 60_000)

test('LanceDB tables of an earlier version get the indexes they lack, over all their rows', async () => {
  const { store, directory, errors } = await open()
  const space = { modelName: 'test', dimensions: 2 }
  const chunk = { id: 'chunk_1', text: 'walrus', vector: Float32Array.of(1, 0) }
  await store.upsert(place, space, [chunk], noSignal)
  await store.upsert({ ...place, knowledgeBaseId: 'kb_b' }, space, [{ ...chunk, id: 'chunk_2' }], noSignal)
  await store.close()
  const connection = await connect(directory, { readConsistencyInterval: 0 })
  const tables = await Promise.all((await connection.tableNames()).map((name) => connection.openTable(name)))
  const indexNames = async (table: Table) => (await table.listIndices()).map(({ name }) => name).toSorted()
  const before = await Promise.all(tables.map(indexNames))
  for (const table of tables) for (const name of await indexNames(table)) await table.dropIndex(name)

  const reopened = await open({ directory, maintenanceDelayMs: 1 })
  await vi.waitFor(async () => expect(await Promise.all(tables.map(indexNames))).toEqual(before), { timeout: 10_000 })
  for (const table of tables)
    for (const name of await indexNames(table))
      expect(await table.indexStats(name)).toMatchObject({ numIndexedRows: 2, numUnindexedRows: 0 })
  const search = { ...wanted('walrus'), vectors: [{ space, vector: chunk.vector }] }
  expect(await reopened.store.search(search)).toMatchObject({ lexical: [{ chunkId: 'chunk_1' }], dense: [[{}]] })
  expect([...errors, ...reopened.errors]).toEqual([])
  connection.close()
  await reopened.dispose()
})

test('LanceDB tables of an earlier version learn from the next writer whose vectors they hold', async () => {
  const { store, directory } = await open()
  const space = { modelName: 'org/model', dimensions: 2 }
  const chunk = { id: 'chunk_1', text: 'walrus', vector: Float32Array.of(1, 0) }
  await store.upsert(place, space, [chunk], noSignal)
  await store.close()
  const connection = await connect(directory)
  const names = (await connection.tableNames()).filter((name) => name.startsWith('vectors_'))
  const table = await connection.openTable(names[0]!)
  await table.updateFieldMetadata([{ path: 'vector', metadata: {}, replace: true }])
  connection.close()

  const reopened = await open({ directory })
  await expect(reopened.store.readDocument('ws_a', 'doc_1', noSignal)).rejects.toThrow(/which model made them/)
  await reopened.store.upsert({ ...place, documentId: 'doc_2' }, space, [{ ...chunk, id: 'chunk_2' }], noSignal)
  expect(await reopened.store.readDocument('ws_a', 'doc_1', noSignal)).toEqual({ space, chunks: [chunk] })
  await reopened.dispose()
})
