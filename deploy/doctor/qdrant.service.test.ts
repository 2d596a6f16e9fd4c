// `tributary doctor` on Qdrant: one that is well, and each way in which one is not.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createQdrantVectorStore } from '../../subgraphs/knowledge/adapters/qdrant-vector-store.ts'
import { ensureQdrant, qdrantClient, startQdrant, type RunningQdrant } from '../../test/services/qdrant.ts'
import { describeWithService } from '../../test/services/service.ts'
import { examineVectorStore, storeDocument } from './vector-store.fixture.ts'

const ensured = await ensureQdrant()
const own =
  'installation' in ensured && ensured.installation.kind === 'server'
    ? { missing: 'the server at QDRANT_URL is not stopped and paused by tests' }
    : ensured

describeWithService('the doctor on qdrant', own, (installation) => {
  let server: RunningQdrant
  beforeAll(async () => {
    server = await startQdrant(installation, { apiKey: 'geheim' })
  })
  afterAll(() => server?.close())
  const examineQdrant = (environment: NodeJS.ProcessEnv = {}) =>
    examineVectorStore({ ...server.environment, ...environment })
  const collections = async () => (await qdrantClient(server).getCollections()).collections.map(({ name }) => name)

  test('that is new: all is ok, and nothing stays behind', async () => {
    const found = await examineQdrant()
    for (const name of ['reachable', 'credentials', 'version', 'writable'])
      expect(found.check('Qdrant', name), name).toMatchObject({ status: 'ok' })
    for (const name of ['collections', 'dimensions']) expect(found.check('Qdrant', name).status, name).toBe('skipped')
    expect(await collections()).toEqual([])
    expect(found.output).not.toContain('geheim')
  })

  test('whose collections do not fit: by hand, by another model of the same name, by a newer program', async () => {
    const { url, apiKey } = server
    const store = createQdrantVectorStore({ url, apiKey })
    await storeDocument(store, 'house-embed', 3)
    const well = await examineQdrant()
    expect(well.check('Qdrant', 'collections').status).toBe('ok')
    // The model is not there now, so its name is what the collection's name has of it.
    expect(well.check('Qdrant', 'dimensions')).toMatchObject({ status: 'ok', message: 'house-embed (3)' })

    await storeDocument(store, 'all-minilm-l6-v2', 8)
    expect((await examineQdrant()).check('Qdrant', 'dimensions')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('all-minilm-l6-v2 makes 384 dimensions, its documents have 8'),
    })
    await store.close()

    const client = qdrantClient(server)
    const [name] = (await collections()).filter((each) => each.includes('house-embed'))
    await client.deleteCollection(name!)
    await client.createCollection(name!, { vectors: { dense: { size: 4, distance: 'Dot' } } })
    expect((await examineQdrant()).check('Qdrant', 'dimensions')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining(`${name} has vectors of 4 dimensions, and is that of house-embed with 3`),
      remedy: expect.stringContaining('ingest'),
    })

    await client.createCollection('tributary-v99-texts', {})
    const newer = await examineQdrant()
    expect(newer.check('Qdrant', 'collections')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('newer version of Tributary'),
    })
    const beside = await examineQdrant({ TRIBUTARY_QDRANT_COLLECTION_PREFIX: 'beside' })
    expect(beside.check('Qdrant', 'collections').status).toBe('skipped')
  })

  test('that refuses: a wrong key, and no writes', async () => {
    const wrong = await examineQdrant({ QDRANT_API_KEY: 'falsch' })
    expect(wrong.check('Qdrant', 'reachable').status).toBe('ok')
    expect(wrong.check('Qdrant', 'credentials')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('QDRANT_API_KEY'),
    })
    expect(wrong.check('Qdrant', 'writable').status).toBe('skipped')
    await server.stop()
    server.setReadOnly(true)
    await server.start()
    expect((await examineQdrant()).check('Qdrant', 'writable')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('QDRANT_API_KEY'),
    })
  })

  test('that is silent, or away', async () => {
    server.pause()
    const silent = await examineQdrant()
    expect(silent.check('Qdrant', 'reachable').message).toMatch(/did not answer within [1-5] s$/)
    server.resume()
    await server.stop()
    expect((await examineQdrant()).check('Qdrant', 'reachable')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('ECONNREFUSED'),
      remedy: expect.stringContaining('QDRANT_URL'),
    })
  })
})
