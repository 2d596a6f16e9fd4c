// LanceDB as a VectorStore: the contract, and what only files in a directory can get wrong.
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { describeVectorStore } from '../ports/vector-store.contract.ts'
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

const place = { workspaceId: 'ws_a', knowledgeBaseId: 'kb_a', documentId: 'doc_1' }
const wanted = (text: string) => ({
  workspaceId: 'ws_a',
  knowledgeBaseIds: ['kb_a'],
  vectors: [],
  text,
  limit: 10,
  signal: new AbortController().signal,
})

test('a LanceDB reader opened earlier sees what the writer wrote since, in tables it did not know', async () => {
  const writer = await open()
  const reader = await createLanceDbVectorStore({
    directory: writer.directory,
    isWriter: false,
    onError: () => undefined,
  })
  expect((await reader.search(wanted('walrus'))).lexical).toEqual([])
  await writer.store.upsert(place, null, [{ id: 'chunk_1', text: 'walrus', vector: null }])
  expect((await reader.search(wanted('walrus'))).lexical).toHaveLength(1)
  await writer.store.deleteDocument('ws_a', 'doc_1')
  expect((await reader.search(wanted('walrus'))).lexical).toEqual([])
  await expect(reader.deleteDocument('ws_a', 'doc_1')).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR' })
  await reader.close()
  await writer.dispose()
})

test('maintenance of LanceDB tables runs beside writes and loses nothing', async () => {
  const { store, dispose, errors } = await open({ maintenanceRows: 1 })
  for (let index = 0; index < 40; index += 1) {
    const documentPlace = { ...place, documentId: `doc_${index}` }
    await store.upsert(documentPlace, null, [{ id: `chunk_${index}`, text: `walrus ${index}`, vector: null }])
    if (index % 4 === 0) await store.deleteDocument('ws_a', `doc_${index}`)
    await new Promise(setImmediate)
  }
  expect((await store.search({ ...wanted('walrus'), limit: 100 })).lexical).toHaveLength(30)
  expect(errors).toEqual([])
  await dispose()
})
