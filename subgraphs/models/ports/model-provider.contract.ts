// What every ModelProvider promises about what it lists and opens.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ModelProvider } from './model-provider.ts'

export interface ModelProviderUnderTest {
  provider: ModelProvider
  /** A chat model it serves. */
  chatModelName: string
  /** An embedding model it serves, and the dimensions of its vectors. */
  embeddingModelName: string
  embeddingDimensions: number
  dispose(): Promise<void>
}

const never = (): AbortSignal => new AbortController().signal

export function describeModelProviderContract(adapterName: string, open: () => Promise<ModelProviderUnderTest>): void {
  describe(`ModelProvider contract: ${adapterName}`, () => {
    let subject: ModelProviderUnderTest
    beforeAll(async () => {
      subject = await open()
    }, 120_000)
    afterAll(() => subject?.dispose())

    test('lists its models with what they can do', async () => {
      const models = await subject.provider.listModels(never())
      const chat = models.find(({ name }) => name === subject.chatModelName)
      const embedding = models.find(({ name }) => name === subject.embeddingModelName)
      expect(chat).toMatchObject({ embeddingDimensions: null, contextLength: expect.any(Number) })
      expect(chat?.capabilities).toContain('CHAT')
      expect(chat?.capabilities).not.toContain('EMBEDDING')
      expect(chat?.sizeBytes).toBeGreaterThan(1_000_000)
      expect(chat?.parameterCount).toBeGreaterThan(1_000_000)
      expect(embedding).toMatchObject({ capabilities: ['EMBEDDING'], embeddingDimensions: subject.embeddingDimensions })
    })

    test('says that a model is loaded once it has worked', { timeout: 60_000 }, async () => {
      const model = await subject.provider.openChatModel(subject.chatModelName, never())
      const request = { messages: [{ role: 'user' as const, content: 'Hi' }], maxTokens: 2 }
      for await (const event of model.generate(request, never())) expect(event.kind).toMatch(/^(delta|finished)$/)
      const listed = (await subject.provider.listModels(never())).find(({ name }) => name === subject.chatModelName)
      expect(listed?.isLoaded).toBe(true)
    })

    test('opens models that know their name and limits', async () => {
      const chat = await subject.provider.openChatModel(subject.chatModelName, never())
      expect(chat).toMatchObject({ name: subject.chatModelName, limits: { contextLength: expect.any(Number) } })
      const embedding = await subject.provider.openEmbeddingModel(subject.embeddingModelName, never())
      expect(embedding.name).toBe(subject.embeddingModelName)
      expect(embedding.limits.dimensions).toBe(subject.embeddingDimensions)
    })

    test('refuses a model it does not have, by a typed error', async () => {
      const expected = { code: 'MODEL_NOT_AVAILABLE', message: expect.stringContaining('no-such-model') }
      await expect(subject.provider.openChatModel('no-such-model', never())).rejects.toMatchObject(expected)
      await expect(subject.provider.openEmbeddingModel('no-such-model', never())).rejects.toMatchObject(expected)
      await expect(subject.provider.openRerankModel('no-such-model', never())).rejects.toMatchObject(expected)
    })

    test('refuses to open a model for what it cannot do', async () => {
      const { provider, chatModelName, embeddingModelName } = subject
      await expect(provider.openChatModel(embeddingModelName, never())).rejects.toMatchObject({
        code: 'MODEL_NOT_AVAILABLE',
      })
      await expect(provider.openEmbeddingModel(chatModelName, never())).rejects.toMatchObject({
        code: 'MODEL_NOT_AVAILABLE',
      })
    })

    test('lists nothing for a caller that is gone', async () => {
      const abort = new AbortController()
      abort.abort()
      await expect(subject.provider.listModels(abort.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
    })
  })
}
