// Which store the variables mean, and that no other is loaded for it.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { vectorStoreSchema } from '../config.ts'
import { noSignal } from '../ports/vector-store.fixture.ts'
import { openVectorStore, type VectorStoreSettings } from './open-vector-store.ts'

let dataDirectory: string
beforeAll(async () => {
  dataDirectory = await mkdtemp(path.join(os.tmpdir(), 'tributary-open-store-'))
})
afterAll(() => rm(dataDirectory, { recursive: true, force: true }))

const defaults = vectorStoreSchema.parse({})

const open = (settings: Partial<VectorStoreSettings>) =>
  openVectorStore({
    settings: { ...defaults, ...settings },
    dataDirectory,
    isWriter: true,
    onError: (error) => expect.unreachable(String(error)),
  })

// Nothing listens on port 9 (discard) of a machine that runs tests.
const QDRANT_URL = 'http://127.0.0.1:9'
const CHROMA_URL = 'http://127.0.0.1:9'
const WEAVIATE_URL = 'http://127.0.0.1:9'

test('without variables the store is in files below the data directory', async () => {
  const store = await open({})
  expect(await store.count('ws_a', 'doc_1', noSignal)).toEqual({ texts: 0, vectors: 0 })
  expect(existsSync(path.join(dataDirectory, 'vectors'))).toBe(true)
  await store.close()
})

test('the store whose address is set is used, and opens though it is away', async () => {
  for (const settings of [{ QDRANT_URL }, { WEAVIATE_URL }, { CHROMA_URL }]) {
    const store = await open(settings)
    const count = () => store.count('ws_a', 'doc_1', noSignal)
    await expect(count(), JSON.stringify(settings)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
    await store.close()
  }
})

test('of two addresses the variable chooses one, and without it both are named', async () => {
  await expect(open({ QDRANT_URL, CHROMA_URL })).rejects.toThrow(/^QDRANT_URL and CHROMA_URL are set/)
  const store = await open({ QDRANT_URL, CHROMA_URL, TRIBUTARY_VECTOR_STORE: 'lancedb' })
  expect(await store.count('ws_a', 'doc_1', noSignal)).toEqual({ texts: 0, vectors: 0 })
  await store.close()
})

test('a store that is chosen without its address is refused by the name of the variable', async () => {
  for (const [TRIBUTARY_VECTOR_STORE, variable] of [
    ['qdrant', 'QDRANT_URL'],
    ['weaviate', 'WEAVIATE_URL'],
    ['chroma', 'CHROMA_URL'],
  ] as const)
    await expect(open({ TRIBUTARY_VECTOR_STORE })).rejects.toThrow(variable)
})

test.each([
  [{}, '@lancedb', '@qdrant'],
  [{ QDRANT_URL }, '@qdrant', '@lancedb'],
  [{ WEAVIATE_URL }, 'weaviate-client', 'chromadb'],
  [{ CHROMA_URL }, 'chromadb', 'weaviate-client'],
])('%o loads the library of that store and no other', async (settings, expected, other) => {
  const script = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ resolve: (specifier, context, next) => (loaded.push(specifier), next(specifier, context)) })
    const { openVectorStore } = await import(${JSON.stringify(path.join(import.meta.dirname, 'open-vector-store.ts'))})
    const store = await openVectorStore(${JSON.stringify({ settings: { ...defaults, ...settings }, dataDirectory, isWriter: false })})
    await store.close()
    console.log(JSON.stringify(loaded))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
  })
  const loaded = JSON.parse(stdout) as string[]
  expect(loaded.some((specifier) => specifier.startsWith(expected))).toBe(true)
  expect(loaded.filter((specifier) => specifier.startsWith(other))).toEqual([])
})
