// The resolvers of accounts: read arguments, call one use case, map to the payload.
import { scalars } from '#shared/graphql/scalars.ts'
import type { Resolvers } from '../schema.generated.ts'

export const resolvers: Resolvers = {
  ...scalars,
  Query: {
    node: (_parent, { id }, { findNode, identity, signal }) => findNode(identity, id, signal),
    viewer: (_parent, _arguments, { identity }) => ({
      subject: identity.subject,
      roles: identity.roles,
      scopes: identity.scopes,
    }),
    apiKeys: (_parent, _arguments, { apiKeys, identity }) => apiKeys.list(identity.workspaceId),
  },
  Mutation: {
    apiKeyCreate: async (_parent, { input }, { apiKeys, identity }) => {
      const result = await apiKeys.create(identity.workspaceId, input)
      return 'mistakes' in result
        ? { apiKey: null, secret: null, userErrors: result.mistakes }
        : { ...result, userErrors: [] }
    },
    apiKeyRevoke: async (_parent, { id }, { apiKeys, identity }) => {
      const result = await apiKeys.revoke(identity.workspaceId, id)
      return 'mistakes' in result ? { apiKey: null, userErrors: result.mistakes } : { ...result, userErrors: [] }
    },
  },
  Viewer: {
    workspace: async (_parent, _arguments, { loaders, identity }) =>
      (await loaders.workspace.load(identity.workspaceId))!,
  },
  Workspace: { __resolveReference: async ({ id }, { loaders }) => loaders.workspace.load(id) },
  ApiKey: { __resolveReference: async ({ id }, { loaders }) => loaders.apiKey.load(id) },
  Node: { __resolveType: (node) => node.__typename },
}
