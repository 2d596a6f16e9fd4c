// What an answer is decided from, with a search whose result is known; whole answers are in answers.test.ts.
import { expect, test } from 'vitest'
import { createLogger } from '#shared/logger.ts'
import { createPlanAnswer } from './plan-answer.ts'
import type { RetrievedChunk } from './retrieval.ts'

const notice = `This notice stands in every manual of the company and says that nothing may be copied, printed, translated or sold
  without written permission of the legal department, whose address is on the last page of the printed edition.`
const fact = 'The reactor lid is opened with a torque wrench set to 45 newton metres.'
const question = 'With which torque wrench setting is the reactor lid opened?'

test('chunks that repeat each other take no places of those that are read', async () => {
  const hits = [...Array.from({ length: 30 }, () => notice), fact].map(retrieved)
  const planAnswer = createPlanAnswer({
    models: { findModel: expect.unreachable, embed: expect.unreachable, rerank: async () => null } as never,
    retrieval: {
      retrieve: async ({ limit }) => ({ mode: 'LEXICAL', hits: hits.slice(0, limit), embedding: null }),
    },
    knowledgeBases: { findMany: async () => [] } as never,
    logger: createLogger({ name: 'test', level: 'error' }),
  })
  const asked = { id: 'ans_test', workspaceId: 'ws_test', question, mode: 'EXTRACTIVE', modelName: null, maxSources: 8 }
  const { sources } = await planAnswer(asked as never, null, AbortSignal.timeout(5000))
  expect(sources.map(({ content }) => content.text)).toEqual([fact, notice])
})

function retrieved(text: string, index: number): RetrievedChunk {
  const chunk = {
    id: `chk_${String(index)}`,
    documentId: `doc_${String(index)}`,
    headings: [],
    pages: [],
    text,
    startOffset: 0,
    endOffset: text.length,
  } as unknown as RetrievedChunk['chunk']
  return { chunk, documentTitle: 'Manual', score: 1, denseRank: null, lexicalRank: index + 1, denseSimilarity: null }
}
