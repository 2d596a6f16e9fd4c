// Nothing but introspection runs without credentials (auth/authorize-operation.ts says where).
import type { ApolloServerPlugin } from '@apollo/server'
import { GraphQLError } from 'graphql'
import { TributaryError } from '#shared/errors.ts'
import { authorizeOperation } from '../auth/authorize-operation.ts'
import type { RequestContext } from '../request-context.ts'

export function authorizationPlugin(options: {
  allowsAnonymousIntrospection: boolean
}): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ contextValue, document, operation }) {
          if (!operation) return
          try {
            authorizeOperation({
              identity: contextValue.identity,
              document,
              operation,
              allowsAnonymousIntrospection: options.allowsAnonymousIntrospection,
            })
          } catch (error) {
            if (!(error instanceof TributaryError)) throw error
            throw new GraphQLError(error.message, {
              originalError: error,
              extensions: { code: error.code, http: { status: 401 } },
            })
          }
        },
      }
    },
  }
}
