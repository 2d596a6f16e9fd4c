import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensureOllama, startOllama, type RunningOllama } from '../../../test/services/ollama.ts'
import { describeWithService } from '../../../test/services/service.ts'
import { cachedModel } from '../model-files/cached-model.fixture.ts'
import { EMBEDDED_EMBEDDING_MODEL } from '../model-files/manifest.ts'
import { describeChatModelContract } from '../ports/chat-model.contract.ts'
import { describeEmbeddingModelContract } from '../ports/embedding-model.contract.ts'
import { describeModelProviderContract } from '../ports/model-provider.contract.ts'
import { createOllamaProvider } from './ollama-provider.ts'
import { createOnnxEmbeddingModel } from './onnx-embedding-model.ts'

const never = (): AbortSignal => new AbortController().signal

describeWithService('Ollama', await ensureOllama(), (installation) => {
  let ollama: RunningOllama
  const provider = (): ReturnType<typeof createOllamaProvider> => createOllamaProvider({ address: ollama.url })
  beforeAll(async () => {
    ollama = await startOllama(installation)
  }, 240_000)
  afterAll(() => ollama?.close())

  describeModelProviderContract('Ollama', async () => {
    const own = provider()
    const { chatModelName, embeddingModelName, embeddingDimensions } = ollama
    const dispose = async (): Promise<void> => own[Symbol.asyncDispose]()
    return { provider: own, chatModelName, embeddingModelName, embeddingDimensions, dispose }
  })

  describeChatModelContract('Ollama', {
    open: async () => {
      const own = provider()
      const model = await own.openChatModel(ollama.chatModelName, never())
      return { model, dispose: async () => own[Symbol.asyncDispose]() }
    },
  })

  describeEmbeddingModelContract('Ollama', {
    open: async () => {
      const own = provider()
      const model = await own.openEmbeddingModel(ollama.embeddingModelName, never())
      return { model, dispose: async () => own[Symbol.asyncDispose]() }
    },
  })

  test('the embedded int8 model means the same as the full-precision one', async (context) => {
    const files = await cachedModel(EMBEDDED_EMBEDDING_MODEL)
    if ('missing' in files) return context.skip(files.missing)
    await using own = provider()
    await using embedded = createOnnxEmbeddingModel({
      name: 'int8',
      directory: files.directory,
      dimensions: 384,
      contextLength: 256,
    })
    const texts = [
      'The administrator upgrades all packages with apt.',
      'Rivers carry fresh water from the mountains.',
      'Yes.',
    ]
    const full = await (await own.openEmbeddingModel(ollama.embeddingModelName, never())).embed(texts, never())
    const quantised = await embedded.embed(texts, never())
    for (const [index, vector] of full.vectors.entries()) {
      const cosine = vector.reduce(
        (sum, value, component) => sum + value * (quantised.vectors[index]?.[component] ?? 0),
        0,
      )
      expect(cosine).toBeGreaterThan(0.97)
    }
    expect(quantised.promptTokens).toBe(full.promptTokens)
  })

  test('finds a model without its default tag, and lists it once', async () => {
    await using own = provider()
    const copy = await fetch(`${ollama.url}/api/copy`, {
      method: 'POST',
      body: JSON.stringify({ source: ollama.chatModelName, destination: 'tagless' }),
    })
    expect(copy.status).toBe(200)
    expect((await own.openChatModel('tagless', never())).name).toBe('tagless')
    expect((await own.listModels(never())).filter(({ name }) => name.startsWith('tagless'))).toMatchObject([
      { name: 'tagless:latest' },
    ])
  })

  test('a prompt longer than what the host gives by itself is answered', async () => {
    const frugal = await startOllama(installation, { environment: { OLLAMA_CONTEXT_LENGTH: '512' } })
    try {
      await using own = createOllamaProvider({ address: frugal.url })
      const content = `${'The river flows slowly through the old town. '.repeat(80)}What flows through the town?`
      const request = { messages: [{ role: 'user' as const, content }], temperature: 0, maxTokens: 4 }
      const model = await own.openChatModel(frugal.chatModelName, never())
      const usages = []
      for await (const event of model.generate(request, never()))
        if (event.kind === 'finished') usages.push(event.usage)
      expect(usages).toMatchObject([{ completionTokens: 4 }])
      expect(usages[0]!.promptTokens).toBeGreaterThan(512)
    } finally {
      await frugal.close()
    }
  })

  test('a killed host is a typed, retryable error in the middle of a stream', async () => {
    const doomed = await startOllama(installation)
    try {
      await using own = createOllamaProvider({ address: doomed.url })
      const model = await own.openChatModel(doomed.chatModelName, never())
      const reading = async (): Promise<void> => {
        for await (const event of model.generate(
          { messages: [{ role: 'user', content: 'Write a long story.' }] },
          never(),
        )) {
          expect(event.kind).toBe('delta')
          void doomed.stop('SIGKILL')
        }
      }
      await expect(reading()).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', isRetryable: true })
      await expect(own.listModels(never())).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
    } finally {
      await doomed.close()
    }
  })
})
