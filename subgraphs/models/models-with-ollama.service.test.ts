// The subgraph with a real Ollama at OLLAMA_HOST: what it has is used, what it lacks the embedded models fill, and it may go away.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createModelsClient, type ModelsClient } from '../../contracts/models-client.ts'
import { createTestPlatform, requestSubgraph, testIdentity, type TestPlatform } from '../../test/harness/platform.ts'
import { ensureOllama, startOllama, type RunningOllama } from '../../test/services/ollama.ts'
import { describeWithService } from '../../test/services/service.ts'
import { startModels, type RunningModels } from './main.ts'

const identity = testIdentity('ws_ollama', 'VIEWER')
const never = (): AbortSignal => new AbortController().signal
const HOSTS = '{ modelHosts { name provider isReachable models { id name isLoaded } loadedModels { name } } }'

describeWithService('models with Ollama', await ensureOllama(), (installation) => {
  let ollama: RunningOllama
  let platform: TestPlatform
  let models: RunningModels
  let client: ModelsClient
  const start = (): Promise<RunningModels> =>
    startModels(platform, { ...process.env, OLLAMA_HOST: ollama.url, TRIBUTARY_MODELS_DOWNLOAD: 'false' })
  const ollamaHost = async (url: string) => {
    const { data } = await requestSubgraph(platform, url, identity, HOSTS)
    return data.modelHosts.find(({ provider }: { provider: string }) => provider === 'OLLAMA')
  }
  beforeAll(async () => {
    ollama = await startOllama(installation)
    platform = await createTestPlatform()
    models = await start()
    platform.origins.set('models', new URL(models.url).origin)
    client = createModelsClient({ origin: () => platform.originOf('models'), signer: platform.signer })
  }, 240_000)
  afterAll(async () => {
    await models?.close()
    await platform?.close()
    await ollama?.close()
  })

  test('is the default for chat and embedding, generates and embeds', async () => {
    const chat = await client.findModel(identity, 'CHAT', null, never())
    expect(chat).toMatchObject({ name: ollama.chatModelName, provider: 'OLLAMA' })
    expect(await client.findModel(identity, 'EMBEDDING', null, never())).toMatchObject({
      name: ollama.embeddingModelName,
    })
    const lines = []
    const messages = [{ role: 'USER' as const, content: 'What is the capital of France?' }]
    for await (const line of client.generate(identity, { modelName: null, messages, maxTokens: 20 }, never()))
      lines.push(line)
    expect(lines.filter(({ type }) => type === 'delta').length).toBeGreaterThan(1)
    expect(lines.at(-1)).toMatchObject({ type: 'completed' })
    const request = { texts: ['a river'], purpose: 'query' as const, idempotencyKey: null }
    const [vector] = await client.embed(identity, { ...request, modelName: ollama.embeddingModelName }, never())
    expect(vector).toHaveLength(384)
    // What is known of a host may be seconds old.
    await expect
      .poll(async () => (await ollamaHost(models.url)).loadedModels, { timeout: 15_000 })
      .toEqual(expect.arrayContaining([{ name: ollama.chatModelName }]))
  })

  test('leaves embedding to the embedded model once it has none', async () => {
    await fetch(`${ollama.url}/api/delete`, {
      method: 'DELETE',
      body: JSON.stringify({ model: ollama.embeddingModelName }),
    })
    const provider = async () => (await client.findModel(identity, 'EMBEDDING', null, never()))?.provider
    await expect.poll(provider, { timeout: 15_000 }).toBe('EMBEDDED')
    expect(await client.findModel(identity, 'CHAT', null, never())).toMatchObject({ provider: 'OLLAMA' })
  })

  test('is shown as unreachable when it dies, its models stay known, also after a restart, and the embedded one serves', async () => {
    const before = await ollamaHost(models.url)
    void ollama.stop('SIGKILL')
    await expect.poll(async () => (await ollamaHost(models.url)).isReachable, { timeout: 15_000 }).toBe(false)
    const restarted = await start()
    try {
      const after = await ollamaHost(restarted.url)
      expect(after).toMatchObject({ isReachable: false, loadedModels: [] })
      expect(after.models).toEqual(before.models.map((model: object) => ({ ...model, isLoaded: null })))
    } finally {
      await restarted.close()
    }
    expect(await client.findModel(identity, 'CHAT', null, never())).toMatchObject({ provider: 'EMBEDDED' })
    const messages = [{ role: 'USER' as const, content: 'Hi' }]
    const dead = client.generate(identity, { modelName: ollama.chatModelName, messages }, never())
    const reading = async (): Promise<void> => {
      for await (const line of dead) expect(line.type).toBe('started')
    }
    await expect(reading()).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', isRetryable: true })
  })
})
