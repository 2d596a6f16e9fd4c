import { describe, expect, test } from 'vitest'
import { chooseDefault, findByName, type CatalogueModel } from './choose-model.ts'

const model = (over: Partial<CatalogueModel>): CatalogueModel => ({
  name: 'x',
  provider: 'OLLAMA',
  capabilities: ['CHAT'],
  contextLength: null,
  embeddingDimensions: null,
  parameterCount: null,
  sizeBytes: null,
  isLoaded: null,
  hostNames: ['a'],
  isAvailable: true,
  ...over,
})
const embeddedChat = model({ name: 'small-chat', provider: 'EMBEDDED' })
const embeddedEmbedding = model({ name: 'small-embed', provider: 'EMBEDDED', capabilities: ['EMBEDDING'] })
const ollamaChat = model({ name: 'llama3.2:latest' })

describe('chooseDefault', () => {
  test('takes what Ollama has and fills each gap with the embedded model', () => {
    const models = [embeddedChat, embeddedEmbedding, ollamaChat]
    expect(chooseDefault(models, 'CHAT', undefined)).toBe(ollamaChat)
    expect(chooseDefault(models, 'EMBEDDING', undefined)).toBe(embeddedEmbedding)
    expect(chooseDefault([embeddedChat, embeddedEmbedding], 'CHAT', undefined)).toBe(embeddedChat)
    expect(chooseDefault([ollamaChat], 'EMBEDDING', undefined)).toBeNull()
  })

  test('passes over a host that is down', () => {
    expect(chooseDefault([model({ isAvailable: false }), embeddedChat], 'CHAT', undefined)).toBe(embeddedChat)
  })

  test('takes the configured model, or none when it is not there', () => {
    expect(chooseDefault([ollamaChat, embeddedChat], 'CHAT', 'small-chat')).toBe(embeddedChat)
    expect(chooseDefault([ollamaChat, embeddedChat], 'CHAT', 'other')).toBeNull()
  })
})

describe('findByName', () => {
  test('knows the default tag of Ollama alone', () => {
    expect(findByName([ollamaChat], 'llama3.2')).toBe(ollamaChat)
    expect(findByName([model({ name: 'y:latest', provider: 'EMBEDDED' })], 'y')).toBeNull()
    expect(findByName([ollamaChat], 'LLAMA3.2')).toBeNull()
  })

  test('prefers a model that answers now', () => {
    const down = model({ name: 'same', isAvailable: false })
    const up = model({ name: 'same', provider: 'EMBEDDED' })
    expect(findByName([down, up], 'same')).toBe(up)
  })
})
