// What every RerankModel promises, asked of each adapter with a real model behind it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RerankModel, RerankPassage } from './rerank-model.ts'

export interface RerankModelUnderTest {
  model: RerankModel
  dispose(): Promise<void>
}

const never = (): AbortSignal => new AbortController().signal
const passageOf = (...sentences: string[]): RerankPassage => ({ context: 'Maintenance', sentences })
const passages = [
  'Rivers carry fresh water from the mountains to the sea.',
  'The administrator upgrades all installed packages with apt full-upgrade.',
  'Packages are wrapped in brown paper at the post office.',
].map((sentence) => passageOf(sentence))

export function describeRerankModelContract(adapterName: string, open: () => Promise<RerankModelUnderTest>): void {
  describe(`RerankModel contract: ${adapterName}`, () => {
    let subject: RerankModelUnderTest
    beforeAll(async () => {
      subject = await open()
    }, 120_000)
    afterAll(() => subject?.dispose())

    test('scores the passage that answers highest, in the order given', async () => {
      const { readings, promptTokens } = await subject.model.rerank('How are packages upgraded?', passages, never())
      const scores = readings.map(({ score }) => score)
      expect(scores).toHaveLength(3)
      expect(scores.indexOf(Math.max(...scores))).toBe(1)
      expect(scores[1]! - scores[0]!).toBeGreaterThan(3)
      expect(promptTokens).toBeGreaterThan(30)
    })

    test('tells which sentence of a passage answers', async () => {
      const passage = passageOf(
        'The archive is kept for a year.',
        'Packages are upgraded with apt full-upgrade.',
        'Most people work in the morning.',
      )
      const { readings } = await subject.model.rerank('How are packages upgraded?', [passage], never())
      const { sentences } = readings[0]!
      expect(sentences.indexOf(Math.max(...sentences))).toBe(1)
    })

    test('scores a passage the same alone and among others', async () => {
      const among = await subject.model.rerank('How are packages upgraded?', passages, never())
      const alone = await subject.model.rerank('How are packages upgraded?', [passages[1]!], never())
      expect(alone.readings[0]!.score).toBeCloseTo(among.readings[1]!.score, 4)
      expect(alone.readings[0]!.answering).toBeCloseTo(among.readings[1]!.answering, 4)
    })

    test('gives no readings for no passages', async () => {
      expect(await subject.model.rerank('anything', [], never())).toEqual({ readings: [], promptTokens: 0 })
    })

    test('cuts a passage that is too long and still reads the question', async () => {
      const long = passageOf(...passages[1]!.sentences, 'and so on '.repeat(2_000), 'This is not read.')
      const { readings } = await subject.model.rerank('How are packages upgraded?', [long, passages[0]!], never())
      expect(readings[0]!.score).toBeGreaterThan(readings[1]!.score)
      expect(readings[0]!.sentences).toHaveLength(3)
      expect(readings[0]!.sentences[2]).toBe(0)
    })

    test('ends with CANCELLED when the caller leaves', async () => {
      const abort = new AbortController()
      const reranking = subject.model.rerank(
        'How are packages upgraded?',
        Array<RerankPassage>(300).fill(passages[1]!),
        abort.signal,
      )
      abort.abort()
      await expect(reranking).rejects.toMatchObject({ code: 'CANCELLED' })
    })
  })
}
