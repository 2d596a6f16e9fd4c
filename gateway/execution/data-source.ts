// The subgraph client in the shape that ApolloGateway's executor calls.
import type { GraphQLDataSource } from '@apollo/gateway'
import { GraphQLError } from 'graphql'
import { TributaryError } from '#shared/errors.ts'
import type { RequestContext } from '../request-context.ts'
import type { SubgraphClient } from './subgraph-client.ts'

export function createDataSource(subgraph: string, client: SubgraphClient): GraphQLDataSource {
  return {
    async process({ request, context }) {
      try {
        const response = await client.request(
          subgraph,
          {
            query: request.query ?? '',
            operationName: request.operationName ?? undefined,
            variables: request.variables ?? {},
          },
          context as RequestContext,
        )
        return response as never
      } catch (error) {
        if (!(error instanceof TributaryError)) throw error
        throw new GraphQLError(error.message, {
          originalError: error,
          extensions: { code: error.code, isRetryable: error.isRetryable },
        })
      }
    },
  }
}
