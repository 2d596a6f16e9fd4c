// The resolvers of knowledge: read arguments, call one use case, map to the payload.
import { scalars } from '#shared/graphql/scalars.ts'
import { readPage } from '#shared/graphql/connection.ts'
import type { Resolvers } from '../schema.generated.ts'
import { notFound } from '../user-mistake.ts'
import { answerResolvers } from './answer.ts'
import { knowledgeBaseResolvers } from './knowledge-base.ts'
import { answerSubscriptions } from './subscriptions.ts'

export const resolvers: Resolvers = {
  ...scalars,
  Query: {
    knowledgeBases: (_parent, page, { knowledgeBases, identity }) =>
      knowledgeBases.list(identity.workspaceId, page.filter ?? {}, readPage(page)),
    knowledgeBase: (_parent, { id }, { loaders }) => loaders.knowledgeBase.load(id),
    document: (_parent, { id }, { loaders }) => loaders.document.load(id),
    answer: (_parent, { id }, { loaders }) => loaders.answer.load(id),
    answers: (_parent, page, { answerStore, identity }) => answerStore.list(identity.workspaceId, readPage(page)),
  },
  Mutation: {
    knowledgeBaseCreate: async (_parent, { input }, { knowledgeBases, identity, signal }) => {
      const result = await knowledgeBases.create(identity.workspaceId, input, signal)
      return 'mistakes' in result ? { knowledgeBase: null, userErrors: result.mistakes } : { ...result, userErrors: [] }
    },
    knowledgeBaseUpdate: async (_parent, { id, input }, { knowledgeBases, identity }) => {
      const result = await knowledgeBases.update(identity.workspaceId, id, input)
      return 'mistakes' in result ? { knowledgeBase: null, userErrors: result.mistakes } : { ...result, userErrors: [] }
    },
    knowledgeBaseDelete: async (_parent, { id }, { deleteContent, identity }) => {
      const userErrors = await deleteContent.deleteKnowledgeBase(identity.workspaceId, id)
      return { knowledgeBaseId: userErrors.length > 0 ? null : id, userErrors }
    },
    documentDelete: async (_parent, { id }, { deleteContent, identity }) => {
      const userErrors = await deleteContent.deleteDocument(identity.workspaceId, id)
      return { documentId: userErrors.length > 0 ? null : id, userErrors }
    },
    answerStart: async (_parent, { input }, { answers, identity, signal }) => {
      const result = await answers.start(identity.workspaceId, input, signal)
      return 'mistakes' in result ? { answer: null, userErrors: result.mistakes } : { ...result, userErrors: [] }
    },
    answerCancel: async (_parent, { id }, { answers, identity }) => {
      const answer = await answers.cancel(identity.workspaceId, id)
      return { answer, userErrors: answer === null ? [notFound('answer')] : [] }
    },
  },
  Subscription: answerSubscriptions,
  ...knowledgeBaseResolvers,
  ...answerResolvers,
}
