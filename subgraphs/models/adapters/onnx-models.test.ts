import { performance } from 'node:perf_hooks'
import { describe, expect, test } from 'vitest'
import { cachedModel } from '../model-files/cached-model.fixture.ts'
import { EMBEDDED_EMBEDDING_MODEL, EMBEDDED_RERANK_MODEL } from '../model-files/manifest.ts'
import { describeEmbeddingModelContract } from '../ports/embedding-model.contract.ts'
import { describeRerankModelContract } from '../ports/rerank-model.contract.ts'
import { createOnnxEmbeddingModel, type OnnxEmbeddingModel } from './onnx-embedding-model.ts'
import { createOnnxRerankModel } from './onnx-rerank-model.ts'

const embedding = await cachedModel(EMBEDDED_EMBEDDING_MODEL)
const rerank = await cachedModel(EMBEDDED_RERANK_MODEL)
const never = (): AbortSignal => new AbortController().signal

if ('missing' in embedding) {
  test.skip(`ONNX embedding adapter (skipped: ${embedding.missing})`)
} else {
  const create = (directory: string = embedding.directory): OnnxEmbeddingModel =>
    createOnnxEmbeddingModel({ name: 'all-minilm-l6-v2', directory, dimensions: 384, contextLength: 256 })

  describeEmbeddingModelContract('ONNX in a worker thread', {
    open: async () => {
      const model = create()
      return { model, dispose: async () => model[Symbol.asyncDispose]() }
    },
  })

  describe('ONNX embedding adapter', () => {
    test('counts the special tokens as well, and reads no more than its context', async () => {
      await using model = create()
      expect((await model.embed(['The quick brown fox jumps over the lazy dog.'], never())).promptTokens).toBe(12)
      expect((await model.embed(['river '.repeat(1_000)], never())).promptTokens).toBe(256)
    })

    test('leaves the main thread free while it computes', async () => {
      await using model = create()
      await model.embed(['warm'], never())
      const before = performance.eventLoopUtilization()
      await model.embed(Array<string>(30).fill('the river flows through the old town '.repeat(30)), never())
      // Computing here would keep this thread's event loop busy all the time.
      expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.5)
    })

    test('takes no memory before the first call, and says why a folder is no model', async () => {
      await using model = create(import.meta.dirname)
      expect(model.isLoaded()).toBe(false)
      for (const attempt of [1, 2]) {
        await expect(model.embed(['x'], never()), `attempt ${attempt}`).rejects.toMatchObject({ code: 'MODEL_FAILED' })
      }
      expect(model.isLoaded()).toBe(false)
    })

    test('ends waiting calls when it is closed, and refuses new ones', async () => {
      const model = create()
      const embedding = model.embed(Array<string>(500).fill('some text'), never())
      const closed = model[Symbol.asyncDispose]()
      await expect(embedding).rejects.toMatchObject({ code: 'CAPACITY_EXCEEDED', isRetryable: true })
      await closed
      await expect(model.embed(['x'], never())).rejects.toMatchObject({ code: 'CAPACITY_EXCEEDED' })
    })
  })
}

if ('missing' in rerank) {
  test.skip(`ONNX rerank adapter (skipped: ${rerank.missing})`)
} else {
  describeRerankModelContract('ONNX in a worker thread', async () => {
    const model = createOnnxRerankModel({
      name: EMBEDDED_RERANK_MODEL.name,
      directory: rerank.directory,
      contextLength: 256,
    })
    return { model, dispose: async () => model[Symbol.asyncDispose]() }
  })
  test('several workers give each passage its own score, in order, and end together', async () => {
    const open = (workers: number) =>
      createOnnxRerankModel({ name: 'reranker', directory: rerank.directory, contextLength: 256, workers })
    const passageOf = (sentence: string) => ({ context: '', sentences: [sentence] })
    const passages = [
      'The bridge is closed on Mondays.',
      'Otters eat fish.',
      'On Mondays nobody may cross the bridge.',
    ].map(passageOf)
    await using one = open(1)
    const alone = await one.rerank('When is the bridge closed?', passages, never())
    const model = open(2)
    const calls = Array.from({ length: 4 }, async () => model.rerank('When is the bridge closed?', passages, never()))
    for (const { readings } of await Promise.all(calls)) expect(readings).toEqual(alone.readings)
    const waiting = model.rerank(
      'When is the bridge closed?',
      Array.from({ length: 200 }, () => passageOf('It is closed.')),
      never(),
    )
    const closed = model[Symbol.asyncDispose]()
    await expect(waiting).rejects.toMatchObject({ code: 'CAPACITY_EXCEEDED' })
    await closed
    expect(model.isLoaded()).toBe(false)
  })
}
