// The resolvers of metrics: read arguments, call one use case, map to the payload.
import { scalars } from '#shared/graphql/scalars.ts'
import type { Resolvers } from '../schema.generated.ts'

export const resolvers: Resolvers = {
  ...scalars,
  Query: {
    usage: (_parent, { from, to, interval }, { readUsage, identity }) =>
      readUsage(identity.workspaceId, { from, to, interval: interval ?? 'DAY' }),
  },
  KnowledgeBase: {
    metrics: ({ id }, _arguments, { loaders }) => loaders.knowledgeBaseMetrics.load(id),
  },
}
