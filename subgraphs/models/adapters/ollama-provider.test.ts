import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startOllama, whyNoOllama, type OllamaService } from '../../../test/services/ollama.ts'
import { describeChatModelContract } from '../ports/chat-model.contract.ts'
import { describeEmbeddingModelContract } from '../ports/embedding-model.contract.ts'
import { describeModelProviderContract } from '../ports/model-provider.contract.ts'
import { createOllamaProvider } from './ollama-provider.ts'

const missing = await whyNoOllama()
const never = (): AbortSignal => new AbortController().signal

describe.skipIf(missing !== null)(`Ollama${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let service: OllamaService
  const provider = (): ReturnType<typeof createOllamaProvider> => createOllamaProvider({ address: service.address })
  beforeAll(async () => {
    service = await startOllama()
  }, 240_000)
  afterAll(async () => service?.[Symbol.asyncDispose]())

  describeModelProviderContract('Ollama', async () => {
    const own = provider()
    const { chatModelName, embeddingModelName, embeddingDimensions } = service
    return {
      provider: own,
      chatModelName,
      embeddingModelName,
      embeddingDimensions,
      dispose: async () => own[Symbol.asyncDispose](),
    }
  })

  describeChatModelContract('Ollama', {
    open: async () => {
      const own = provider()
      return {
        model: await own.openChatModel(service.chatModelName, never()),
        dispose: async () => own[Symbol.asyncDispose](),
      }
    },
  })

  describeEmbeddingModelContract('Ollama', {
    open: async () => {
      const own = provider()
      return {
        model: await own.openEmbeddingModel(service.embeddingModelName, never()),
        dispose: async () => own[Symbol.asyncDispose](),
      }
    },
  })

  test('a killed host is a typed, retryable error in the middle of a stream', async () => {
    await using own = await startOllama()
    await using other = createOllamaProvider({ address: own.address })
    const model = await other.openChatModel(own.chatModelName, never())
    const reading = async (): Promise<void> => {
      for await (const event of model.generate(
        { messages: [{ role: 'user', content: 'Write a long story.' }] },
        never(),
      )) {
        expect(event.kind).toBe('delta')
        own.process.kill('SIGKILL')
      }
    }
    await expect(reading()).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', isRetryable: true })
    await expect(other.listModels(never())).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  })
})
