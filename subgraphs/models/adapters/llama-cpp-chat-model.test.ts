import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { cachedModel } from '../model-files/cached-model.fixture.ts'
import { EMBEDDED_CHAT_MODEL } from '../model-files/manifest.ts'
import { describeChatModelContract } from '../ports/chat-model.contract.ts'
import {
  createLlamaCppChatModel,
  type LlamaCppChatModel,
  type LlamaCppChatModelOptions,
} from './llama-cpp-chat-model.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const files = await cachedModel(EMBEDDED_CHAT_MODEL)

if ('missing' in files) {
  test.skip(`llama.cpp adapter (skipped: ${files.missing})`)
} else {
  const create = (over: Partial<LlamaCppChatModelOptions> = {}): LlamaCppChatModel =>
    createLlamaCppChatModel({
      name: EMBEDDED_CHAT_MODEL.name,
      modelPath: join(files.directory, 'model.gguf'),
      contextLength: 2_048,
      defaults: EMBEDDED_CHAT_MODEL.chatDefaults,
      ...over,
    })

  describeChatModelContract('llama.cpp', {
    open: async () => {
      const model = create()
      return { model, dispose: async () => model[Symbol.asyncDispose]() }
    },
  })

  describe('llama.cpp adapter', () => {
    const hello = { messages: [{ role: 'user' as const, content: 'Write a long story.' }], maxTokens: 200 }
    const never = (): AbortSignal => new AbortController().signal

    test('refuses work beyond its queue', async () => {
      await using model = create({ maxQueued: 1 })
      const leave = new AbortController()
      const streams = [1, 2].map(() => model.generate(hello, leave.signal)[Symbol.asyncIterator]())
      const first = streams.map((stream) => stream.next())
      await expect(model.generate(hello, never())[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        code: 'CAPACITY_EXCEEDED',
      })
      leave.abort()
      await Promise.allSettled(first)
      for (const stream of streams) await expect(stream.next()).resolves.toMatchObject({ done: true })
    })

    test('takes no memory before the first generation and ends the running one when it is closed', async () => {
      const model = create()
      expect(model.isLoaded()).toBe(false)
      const reading = async (): Promise<void> => {
        for await (const event of model.generate(hello, never())) {
          expect(event.kind).toBe('delta')
          expect(model.isLoaded()).toBe(true)
          void model[Symbol.asyncDispose]()
        }
      }
      await expect(reading()).rejects.toMatchObject({ code: 'CAPACITY_EXCEEDED', isRetryable: true })
      expect(model.isLoaded()).toBe(false)
    })

    test('is closed after a caller left while the context was made', async () => {
      const model = create()
      for await (const event of model.generate({ ...hello, maxTokens: 1 }, never())) expect(event).toBeDefined()
      const leave = new AbortController()
      const next = model.generate(hello, leave.signal)[Symbol.asyncIterator]().next()
      setImmediate(() => leave.abort())
      await expect(next).rejects.toMatchObject({ code: 'CANCELLED' })
      // What nobody holds any more is collected before the model is closed, as it is in a process that lives long.
      for (let turn = 0; turn < 5; turn += 1) {
        collectGarbage()
        await new Promise(setImmediate)
      }
      await model[Symbol.asyncDispose]()
      expect(model.isLoaded()).toBe(false)
    })

    test('gives the memory of each generation back', { timeout: 60_000 }, async () => {
      await using model = create({ contextLength: 8_192 })
      const answer = async (): Promise<number> => {
        const request = {
          messages: [{ role: 'user' as const, content: 'Say yes.' }],
          maxTokens: 8_000,
          stop: [' ', '.', 'e'],
        }
        for await (const event of model.generate(request, never())) expect(event.kind).toMatch(/^(delta|finished)$/)
        return process.memoryUsage.rss()
      }
      const first = await answer()
      let last = first
      for (let index = 0; index < 6; index += 1) last = await answer()
      // A context of this size is about 180 MB; six of them would show.
      expect(last - first).toBeLessThan(400_000_000)
    })

    test('says that a file is not a model, and stays usable', async () => {
      await using model = create({ modelPath: join(import.meta.dirname, 'llama-cpp-chat-model.ts') })
      for (const attempt of [1, 2]) {
        const next = model.generate(hello, never())[Symbol.asyncIterator]().next()
        await expect(next, `attempt ${attempt}`).rejects.toMatchObject({ code: 'MODEL_FAILED' })
      }
    })
  })
}
