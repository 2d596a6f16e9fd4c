// What every EmbeddingModel promises, asked of each adapter with a real model behind it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EmbeddingModel } from './embedding-model.ts'

export interface EmbeddingModelUnderTest {
  model: EmbeddingModel
  dispose(): Promise<void>
}

export interface EmbeddingModelContractOptions {
  /** Opens the model; once for the whole suite. */
  open(): Promise<EmbeddingModelUnderTest>
  /** Cases the adapter cannot pass, by name, each with its reason. Default: none. */
  skip?: Record<string, string>
  /** Longest time from an abort to the end of the call, in milliseconds. Default 1,500. */
  abortWithinMs?: number
}

const never = (): AbortSignal => new AbortController().signal
const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? NaN), 0)
const facts = [
  'The administrator upgrades all packages with apt.',
  'Rivers carry fresh water from the mountains to the sea.',
  'The orchestra tuned its violins before the concert.',
  'A short one.',
]

export function describeEmbeddingModelContract(adapterName: string, options: EmbeddingModelContractOptions): void {
  const abortWithinMs = options.abortWithinMs ?? 1_500
  const contractCase = (name: string, run: (model: EmbeddingModel) => Promise<void>): void => {
    const reason = options.skip?.[name]
    if (reason === undefined) test(name, { timeout: 60_000 }, () => run(subject.model))
    else test.skip(`${name} (skipped: ${reason})`)
  }
  let subject: EmbeddingModelUnderTest

  describe(`EmbeddingModel contract: ${adapterName}`, () => {
    beforeAll(async () => {
      subject = await options.open()
    }, 120_000)
    afterAll(() => subject?.dispose())

    contractCase('gives one unit vector of the declared dimensions a text', async (model) => {
      const { vectors } = await model.embed(facts, never())
      expect(vectors.map((vector) => vector.length)).toEqual(facts.map(() => model.limits.dimensions))
      for (const vector of vectors) expect(dot(vector, vector)).toBeCloseTo(1, 3)
    })

    contractCase('keeps the order of the texts, whatever their lengths', async (model) => {
      const { vectors } = await model.embed(facts, never())
      const reversed = (await model.embed(facts.toReversed(), never())).vectors.toReversed()
      for (const [index, vector] of vectors.entries()) expect(dot(vector, reversed[index]!)).toBeCloseTo(1, 4)
    })

    contractCase('gives the same vector for a text alone and among others', async (model) => {
      const among = (await model.embed(facts, never())).vectors[3]!
      const alone = (await model.embed(['A short one.'], never())).vectors[0]!
      expect(dot(among, alone)).toBeCloseTo(1, 4)
    })

    contractCase('puts texts of one meaning closer than others', async (model) => {
      const texts = ['How do I upgrade the installed packages?', ...facts]
      const [question, ...rest] = (await model.embed(texts, never())).vectors
      const similarities = rest.map((vector) => dot(question!, vector))
      expect(similarities.indexOf(Math.max(...similarities))).toBe(0)
    })

    contractCase('counts the tokens it read', async (model) => {
      const one = await model.embed(['one two three four five'], never())
      const two = await model.embed(['one two three four five', 'one two three four five'], never())
      expect(one.promptTokens).toBeGreaterThanOrEqual(5)
      expect(two.promptTokens).toBe(2 * one.promptTokens)
    })

    contractCase('gives no vectors for no texts', async (model) => {
      expect(await model.embed([], never())).toEqual({ vectors: [], promptTokens: 0 })
    })

    contractCase('takes more texts than one batch', async (model) => {
      const texts = Array.from({ length: model.limits.maxBatch + 3 }, (_, index) => `number ${index}`)
      const { vectors } = await model.embed(texts, never())
      expect(vectors).toHaveLength(texts.length)
      const last = (await model.embed([texts.at(-1)!], never())).vectors[0]!
      expect(dot(vectors.at(-1)!, last)).toBeCloseTo(1, 4)
    })

    contractCase('treats a text longer than its context as it declares', async (model) => {
      const start = 'lake '.repeat(model.limits.contextLength)
      const longer = `${start}${'violin '.repeat(200)}`
      if (model.limits.overlongText === 'refuses') {
        await expect(model.embed([longer], never())).rejects.toMatchObject({
          code: 'CONTEXT_TOO_LONG',
          isRetryable: false,
        })
        return
      }
      const { vectors } = await model.embed([start, longer], never())
      expect(dot(vectors[0]!, vectors[1]!)).toBeCloseTo(1, 4)
    })

    contractCase('takes text of any script and odd characters', async (model) => {
      const odd = ['日本語のテキスト', '🌊🌊🌊', 'a\u0000b', '\ud800 lone surrogate', '   ']
      const { vectors } = await model.embed(odd, never())
      for (const vector of vectors) expect(dot(vector, vector)).toBeCloseTo(1, 3)
    })

    contractCase('stops soon after an abort, and is free again', async (model) => {
      const abort = new AbortController()
      const texts = Array.from({ length: 400 }, (_, index) => `${index} ${facts.join(' ').repeat(4)}`)
      const embedding = model.embed(texts, abort.signal)
      setTimeout(() => abort.abort(), 100)
      const startedAt = performance.now()
      await expect(embedding).rejects.toMatchObject({ code: 'CANCELLED' })
      expect(performance.now() - startedAt).toBeLessThan(abortWithinMs + 100)
      expect((await model.embed(['free again'], never())).vectors).toHaveLength(1)
    })

    contractCase('does no work for a caller that has left before', async (model) => {
      const abort = new AbortController()
      abort.abort()
      await expect(model.embed(facts, abort.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
    })

    contractCase('answers a single text soon while a large call runs', async (model) => {
      const abort = new AbortController()
      const large = model.embed(
        Array.from({ length: 200 }, (_, index) => `${index} ${facts.join(' ').repeat(4)}`),
        abort.signal,
      )
      const first = await Promise.race([
        large.then(
          () => 'large',
          () => 'large',
        ),
        model.embed(['a question asked in the meantime'], never()).then(() => 'single'),
      ])
      expect(first).toBe('single')
      abort.abort()
      await expect(large).rejects.toMatchObject({ code: 'CANCELLED' })
    })

    contractCase('serves calls at the same time without mixing them', async (model) => {
      const together = await Promise.all(facts.map((text) => model.embed([text], never())))
      const { vectors } = await model.embed(facts, never())
      for (const [index, { vectors: own }] of together.entries())
        expect(dot(own[0]!, vectors[index]!)).toBeCloseTo(1, 4)
    })
  })
}
