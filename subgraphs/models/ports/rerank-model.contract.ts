// What every RerankModel promises, asked of each adapter with a real model behind it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RerankModel } from './rerank-model.ts'

export interface RerankModelUnderTest {
  model: RerankModel
  dispose(): Promise<void>
}

const never = (): AbortSignal => new AbortController().signal
const passages = [
  'Rivers carry fresh water from the mountains to the sea.',
  'The administrator upgrades all installed packages with apt full-upgrade.',
  'Packages are wrapped in brown paper at the post office.',
]

export function describeRerankModelContract(adapterName: string, open: () => Promise<RerankModelUnderTest>): void {
  describe(`RerankModel contract: ${adapterName}`, () => {
    let subject: RerankModelUnderTest
    beforeAll(async () => {
      subject = await open()
    }, 120_000)
    afterAll(() => subject?.dispose())

    test('scores the passage that answers highest, in the order given', async () => {
      const { scores, promptTokens } = await subject.model.rerank('How are packages upgraded?', passages, never())
      expect(scores).toHaveLength(3)
      expect(scores.indexOf(Math.max(...scores))).toBe(1)
      expect(scores[1]).toBeGreaterThan(0)
      expect(scores[0]).toBeLessThan(0)
      expect(promptTokens).toBeGreaterThan(30)
    })

    test('scores a passage the same alone and among others', async () => {
      const among = await subject.model.rerank('How are packages upgraded?', passages, never())
      const alone = await subject.model.rerank('How are packages upgraded?', [passages[1]!], never())
      expect(alone.scores[0]).toBeCloseTo(among.scores[1]!, 4)
    })

    test('gives no scores for no passages', async () => {
      expect(await subject.model.rerank('anything', [], never())).toEqual({ scores: [], promptTokens: 0 })
    })

    test('cuts a passage that is too long and still reads the question', async () => {
      const long = `${passages[1]} ${'and so on '.repeat(2_000)}`
      const { scores } = await subject.model.rerank('How are packages upgraded?', [long, passages[0]!], never())
      expect(scores[0]).toBeGreaterThan(scores[1]!)
    })

    test('ends with CANCELLED when the caller leaves', async () => {
      const abort = new AbortController()
      const reranking = subject.model.rerank(
        'How are packages upgraded?',
        Array<string>(300).fill(passages[1]!),
        abort.signal,
      )
      abort.abort()
      await expect(reranking).rejects.toMatchObject({ code: 'CANCELLED' })
    })
  })
}
