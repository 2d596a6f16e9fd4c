// Markers that point at no source: one is enough to make a sentence one not to be relied on.
import { expect, test } from 'vitest'
import { createCiteSentence } from './cite-sentence.ts'
import type { AnswerRow, AnswerSourceRow } from './tables.ts'

const stored = 'Backups are kept for 30 days and then deleted by the nightly job.'

const sources: AnswerSourceRow[] = [stored, 'A request times out after 5 seconds.'].map((text, index) => ({
  answerId: 'answer',
  workspaceId: 'workspace',
  marker: index + 1,
  chunkId: `chunk_${String(index + 1)}`,
  score: 1,
  content: {
    id: `chunk_${String(index + 1)}`,
    documentId: 'document',
    documentTitle: 'Manual',
    headings: [],
    text,
    startOffset: 0,
    endOffset: text.length,
    denseRank: 1,
    lexicalRank: 1,
    denseSimilarity: null,
    pages: [],
  },
}))

const none = () => Promise.reject(new Error('no model is asked without a name'))
const citeSentence = createCiteSentence({
  models: { findModel: none, embed: none, rerank: none },
  embeddingModelOf: () => Promise.resolve(null),
})

const cite = (markers: number[]) =>
  citeSentence({
    answer: { id: 'answer', workspaceId: 'workspace' } as AnswerRow,
    sentence: { text: stored, markers, span: { startOffset: 0, endOffset: stored.length } },
    sources,
    ordinal: 0,
    signal: AbortSignal.timeout(10_000),
  })

test.each([[[]], [[1]], [[2]], [[1, 2]]])('a true sentence with the markers %j is verified', async (markers) => {
  expect(await cite(markers)).toMatchObject({ isVerified: true, quote: stored, marker: 1 })
})

test.each([[[9]], [[1, 9]], [[9, 1]], [[3]], [[0]], [[1, 0]]])(
  'a true sentence with the markers %j, of which one points at nothing, is not verified',
  async (markers) => {
    expect(await cite(markers)).toMatchObject({ isVerified: false, quote: stored, marker: 1 })
  },
)
