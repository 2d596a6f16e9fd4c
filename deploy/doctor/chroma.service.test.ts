// `tributary doctor` on a real Chroma: one that is well, and each way in which one is not. What its own server has not (keys, rights, other ages)
// stands before it here, as a proxy would.
import { AdminClient, ChromaClient } from 'chromadb'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createChromaVectorStore } from '../../subgraphs/knowledge/adapters/chroma-vector-store.ts'
import { ensureChroma, startChroma, type RunningChroma } from '../../test/services/chroma.ts'
import { describeWithService } from '../../test/services/service.ts'
import { examineVectorStore, storeDocument } from './vector-store.fixture.ts'

describeWithService('the doctor on chroma', await ensureChroma(), (installation) => {
  let server: RunningChroma
  beforeAll(async () => {
    server = await startChroma(installation)
  })
  afterAll(() => server?.close())
  const examineChroma = (environment: NodeJS.ProcessEnv = {}) =>
    examineVectorStore({ ...server.environment, ...environment })
  const client = () => {
    const { hostname, port } = new URL(server.url)
    return new ChromaClient({ host: hostname, port: Number(port), ssl: false })
  }

  /** Before Chroma; `answer` says what it keeps from it, and what it answers itself: JSON, or the message of an error. */
  async function startProxy(
    answer: (path: string, token: string | undefined) => [status: number, message: string] | null,
  ) {
    async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const { method = 'GET', url = '', headers } = request
      const refusal = answer(url, headers.authorization)
      if (refusal !== null) {
        const [status, message] = refusal
        const body = status === 200 ? message : JSON.stringify({ error: 'ChromaError', message })
        return void response.writeHead(status, { 'content-type': 'application/json' }).end(body)
      }
      const body = method === 'GET' ? null : await text(request)
      const answered = await fetch(server.url + url, { method, headers: { 'content-type': 'application/json' }, body })
      response.writeHead(answered.status, { 'content-type': 'application/json' }).end(await answered.text())
    }
    const proxy = createServer((request, response) => void forward(request, response))
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      proxy.closeAllConnections()
      proxy.close()
    })
    return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  }

  test('that is new: all is ok, and nothing stays behind', async () => {
    const found = await examineChroma()
    for (const name of ['reachable', 'credentials', 'database', 'version', 'writable'])
      expect(found.check('Chroma', name), name).toMatchObject({ status: 'ok' })
    for (const name of ['collections', 'dimensions']) expect(found.check('Chroma', name).status, name).toBe('skipped')
    expect(await client().listCollections()).toEqual([])
  })

  test('that has collections of an earlier version: they are named, with what drops them', async () => {
    const left = ['tributary-v1-texts', 'tributary-v1-house-embed-3-0123456789abcdef']
    for (const name of left) await client().createCollection({ name, embeddingFunction: null })
    const { status, message, remedy } = (await examineChroma()).check('Chroma', 'collections')
    expect(status).toBe('warning')
    for (const name of left) expect(message).toContain(name)
    expect(remedy).toContain('ingest them again')
    const commands = [...remedy!.matchAll(/curl -X DELETE '([^']+)'/g)]
    for (const [, address] of commands) expect((await fetch(address!, { method: 'DELETE' })).ok).toBe(true)
    expect(await client().listCollections()).toEqual([])
    expect((await examineChroma()).check('Chroma', 'collections').status).toBe('skipped')
  })

  test('whose collections do not fit: by hand, by another model of the same name, by a newer program', async () => {
    const store = createChromaVectorStore({ url: server.url })
    await storeDocument(store, 'house-embed', 3)
    expect((await examineChroma()).check('Chroma', 'dimensions')).toMatchObject({
      status: 'ok',
      message: 'house-embed (3)',
    })
    await storeDocument(store, 'all-minilm-l6-v2', 8)
    await store.close()
    expect((await examineChroma()).check('Chroma', 'dimensions')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('all-minilm-l6-v2 makes 384 dimensions, its documents have 8'),
    })
    const metadata = { model_name: 'other-embed', dimensions: 3 }
    const byHand = await client().createCollection({ name: 'tributary-v2-by-hand', embeddingFunction: null, metadata })
    await byHand.add({ ids: ['1'], embeddings: [[1, 0, 0, 0]] })
    expect((await examineChroma()).check('Chroma', 'dimensions')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('has vectors of 4 dimensions, and is that of other-embed with 3'),
    })
    await client().createCollection({ name: 'tributary-v99-texts', embeddingFunction: null })
    expect((await examineChroma()).check('Chroma', 'collections')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('newer version of Tributary'),
    })
  })

  test('whose database is another: it is looked into, and one that is not there is said to be missing', async () => {
    const [CHROMA_TENANT, CHROMA_DATABASE] = ['the house', 'of-tributary']
    const missing = await examineChroma({ CHROMA_TENANT, CHROMA_DATABASE })
    expect(missing.check('Chroma', 'credentials').status).toBe('ok')
    expect(missing.check('Chroma', 'database')).toMatchObject({
      status: 'failed',
      message: 'there is no database of-tributary of a tenant the house',
      remedy: expect.stringContaining('CHROMA_DATABASE'),
    })
    expect(missing.check('Chroma', 'collections').status).toBe('skipped')
    const { hostname: host, port } = new URL(server.url)
    const admin = new AdminClient({ host, port: Number(port), ssl: false })
    await admin.createTenant({ name: CHROMA_TENANT })
    await admin.createDatabase({ name: CHROMA_DATABASE, tenant: CHROMA_TENANT })
    const store = createChromaVectorStore({ url: server.url, tenant: CHROMA_TENANT, database: CHROMA_DATABASE })
    await storeDocument(store, 'other-embed', 5)
    await store.close()
    const found = await examineChroma({ CHROMA_TENANT, CHROMA_DATABASE })
    expect(found.check('Chroma', 'database')).toMatchObject({ status: 'ok', message: 'of-tributary of the house' })
    expect(found.check('Chroma', 'dimensions')).toMatchObject({ status: 'ok', message: 'other-embed (5)' })
  })

  test('behind a proxy: a wrong token, and one that may only read', async () => {
    const CHROMA_URL = await startProxy((path, token) => {
      if (token !== 'Bearer geheim') return [401, 'who are you?']
      return path.endsWith('/upsert') ? [403, 'you may only read'] : null
    })
    const wrong = await examineChroma({ CHROMA_URL, CHROMA_TOKEN: 'falsch' })
    expect(wrong.check('Chroma', 'credentials')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('CHROMA_TOKEN'),
    })
    const reading = await examineChroma({ CHROMA_URL, CHROMA_TOKEN: 'geheim' })
    expect(reading.check('Chroma', 'credentials').status).toBe('ok')
    expect(reading.check('Chroma', 'writable')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('CHROMA_TOKEN'),
    })
    expect(reading.output).not.toContain('geheim')
  })

  test('of another age is told from what it says of itself', async () => {
    const CHROMA_URL = await startProxy((path) => (path.endsWith('/version') ? [200, '"0.6.3"'] : null))
    expect((await examineChroma({ CHROMA_URL })).check('Chroma', 'version')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('to 1.0 or newer'),
    })
  })

  test('that is silent, or away', async () => {
    server.pause()
    const silent = await examineChroma()
    expect(silent.check('Chroma', 'reachable').message).toMatch(/did not answer within [1-5] s$/)
    server.resume()
    await server.stop()
    expect((await examineChroma()).check('Chroma', 'reachable')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('CHROMA_URL'),
    })
  })
})
