// Fields of answers, their sources and citations.
import type { Resolvers } from '../schema.generated.ts'

export const answerResolvers: Pick<Resolvers, 'Answer' | 'AnswerSource' | 'Citation'> = {
  Answer: {
    __resolveReference: async ({ id }, { loaders }) => loaders.answer.load(id),
    model: ({ modelId }) => (modelId === null ? null : { __typename: 'Model', id: modelId }),
    sources: ({ id }, _arguments, { loaders }) => loaders.answerSources.load(id),
    citations: ({ id }, _arguments, { loaders }) => loaders.answerCitations.load(id),
    timings: ({ retrievalMs, firstTokenMs, totalMs }) =>
      retrievalMs === null ? null : { retrievalMs, firstTokenMs, totalMs },
  },
  AnswerSource: {
    chunk: ({ chunkId }, _arguments, { loaders }) => loaders.chunk.load(chunkId),
  },
  Citation: {
    answerSpan: ({ answerStartOffset, answerEndOffset }) => ({
      startOffset: answerStartOffset,
      endOffset: answerEndOffset,
      page: null,
    }),
    document: ({ documentId }, _arguments, { loaders }) => loaders.document.load(documentId),
    chunk: ({ chunkId }, _arguments, { loaders }) => loaders.chunk.load(chunkId),
    span: ({ startOffset, endOffset, page }) => ({ startOffset, endOffset, page }),
  },
}
