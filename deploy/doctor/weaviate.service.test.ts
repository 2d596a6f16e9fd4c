// `tributary doctor` on a real Weaviate: one that is well, and each way in which one is not.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createWeaviateVectorStore } from '../../subgraphs/knowledge/adapters/weaviate-vector-store.ts'
import { freePorts, describeWithService } from '../../test/services/service.ts'
import { ensureWeaviate, startWeaviate, type RunningWeaviate } from '../../test/services/weaviate.ts'
import { examineVectorStore, storeDocument } from './vector-store.fixture.ts'

const KEYS = { administrator: 'geheim', reader: 'lesend' }

describeWithService('the doctor on weaviate', await ensureWeaviate(), (installation) => {
  let server: RunningWeaviate
  beforeAll(async () => {
    server = await startWeaviate(installation, { apiKeys: KEYS })
  })
  afterAll(() => server?.close())
  const examineWeaviate = (environment: NodeJS.ProcessEnv = {}) =>
    examineVectorStore({ ...server.environment, ...environment })

  async function ask(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await fetch(`${server.url}/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${KEYS.administrator}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    const text = await answer.text()
    return text === '' ? null : JSON.parse(text)
  }
  const classes = async () => ((await ask('GET', '/schema')) as { classes: { class: string }[] }).classes

  test('that is new: all is ok, and nothing stays behind', async () => {
    const found = await examineWeaviate()
    for (const name of ['reachable', 'credentials', 'gRPC', 'replicas', 'version', 'writable'])
      expect(found.check('Weaviate', name), name).toMatchObject({ status: 'ok' })
    for (const name of ['collections', 'dimensions']) expect(found.check('Weaviate', name).status, name).toBe('skipped')
    expect(await classes()).toEqual([])
    expect(found.output).not.toContain('geheim')
  })

  test('with fewer nodes than are to hold each chunk, or whose collections were made for another number', async () => {
    const few = await examineWeaviate({ TRIBUTARY_WEAVIATE_REPLICAS: '3' })
    expect(few.check('Weaviate', 'replicas')).toMatchObject({
      status: 'failed',
      message: 'each chunk is to be on 3 nodes, and there is one',
      remedy: expect.stringContaining('TRIBUTARY_WEAVIATE_REPLICAS'),
    })
  })

  test('whose collections do not fit: by hand, by another model of the same name, by a newer program', async () => {
    const grpcUrl = server.environment['WEAVIATE_GRPC_URL']!
    const store = createWeaviateVectorStore({ url: server.url, grpcUrl, apiKey: KEYS.administrator })
    await storeDocument(store, 'house-embed', 3)
    expect((await examineWeaviate()).check('Weaviate', 'dimensions')).toMatchObject({
      status: 'ok',
      message: 'house-embed (3)',
    })
    await storeDocument(store, 'all-minilm-l6-v2', 8)
    await store.close()
    expect((await examineWeaviate()).check('Weaviate', 'dimensions')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('all-minilm-l6-v2 makes 384 dimensions, its documents have 8'),
    })

    const name = 'TributaryV1Vectorsbyhand'
    const description = JSON.stringify({ modelName: 'other-embed', dimensions: 3 })
    await ask('POST', '/schema', {
      class: name,
      description,
      multiTenancyConfig: { enabled: true },
      vectorizer: 'none',
    })
    await ask('POST', `/schema/${name}/tenants`, [{ name: 'ws_1' }])
    await ask('POST', '/objects', { class: name, tenant: 'ws_1', vector: [1, 0, 0, 0] })
    expect((await examineWeaviate()).check('Weaviate', 'dimensions')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('has vectors of 4 dimensions, and is that of other-embed with 3'),
    })

    await ask('POST', '/schema', { class: 'TributaryV99Texts', vectorizer: 'none' })
    expect((await examineWeaviate()).check('Weaviate', 'collections')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('newer version of Tributary'),
    })
  })

  test('that refuses: a wrong key, and one that may only read', async () => {
    const wrong = await examineWeaviate({ WEAVIATE_API_KEY: 'falsch' })
    expect(wrong.check('Weaviate', 'reachable').status).toBe('ok')
    expect(wrong.check('Weaviate', 'credentials')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('WEAVIATE_API_KEY'),
    })
    expect((await examineWeaviate({ WEAVIATE_API_KEY: KEYS.reader })).check('Weaviate', 'writable')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('WEAVIATE_API_KEY'),
    })
  })

  test('that is silent, away, or reached by half', async () => {
    const [port] = await freePorts(1)
    const half = await examineWeaviate({ WEAVIATE_GRPC_URL: `http://127.0.0.1:${port}` })
    expect(half.check('Weaviate', 'reachable').status).toBe('ok')
    expect(half.check('Weaviate', 'gRPC')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('WEAVIATE_GRPC_URL'),
    })
    server.pause()
    const silent = await examineWeaviate()
    expect(silent.check('Weaviate', 'reachable').message).toMatch(/did not answer within [1-5] s$/)
    server.resume()
    await server.stop()
    expect((await examineWeaviate()).check('Weaviate', 'reachable')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('ECONNREFUSED'),
      remedy: expect.stringContaining('WEAVIATE_URL'),
    })
  })
})
