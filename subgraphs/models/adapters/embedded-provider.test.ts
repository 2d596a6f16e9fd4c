import { expect, test } from 'vitest'
import { cachedModel } from '../model-files/cached-model.fixture.ts'
import { EMBEDDED_CHAT_MODEL, EMBEDDED_EMBEDDING_MODEL } from '../model-files/manifest.ts'
import { describeModelProviderContract } from '../ports/model-provider.contract.ts'
import { createEmbeddedProvider } from './embedded-provider.ts'

const models = [EMBEDDED_CHAT_MODEL, EMBEDDED_EMBEDDING_MODEL]
const files = await Promise.all(models.map(cachedModel))
const missing = files.flatMap((found) => ('missing' in found ? [found.missing] : []))
const never = (): AbortSignal => new AbortController().signal

if (missing.length > 0) {
  test.skip(`embedded provider (skipped: ${missing.join(' ')})`)
} else {
  describeModelProviderContract('embedded', async () => {
    const provider = createEmbeddedProvider({
      models,
      locate: async (model) => {
        const found = files[models.findIndex(({ name }) => name === model.name)]
        return found !== undefined && 'directory' in found ? found.directory : null
      },
    })
    return {
      provider,
      chatModelName: EMBEDDED_CHAT_MODEL.name,
      embeddingModelName: EMBEDDED_EMBEDDING_MODEL.name,
      embeddingDimensions: 384,
      dispose: async () => provider[Symbol.asyncDispose](),
    }
  })
}

test('a model appears when its files do', async () => {
  let directory: string | null = null
  await using provider = createEmbeddedProvider({ models, locate: async () => directory })
  expect(await provider.listModels(never())).toEqual([])
  await expect(provider.openChatModel(EMBEDDED_CHAT_MODEL.name, never())).rejects.toMatchObject({
    code: 'MODEL_NOT_AVAILABLE',
    isRetryable: true,
  })
  directory = import.meta.dirname
  expect((await provider.listModels(never())).map(({ name }) => name)).toEqual(models.map(({ name }) => name))
  expect((await provider.openChatModel(EMBEDDED_CHAT_MODEL.name, never())).name).toBe(EMBEDDED_CHAT_MODEL.name)
})
