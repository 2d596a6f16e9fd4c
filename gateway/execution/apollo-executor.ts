// The engine as Apollo Server calls it. Apollo Server keeps documents by the hash of their text, so the plan of an operation is
// kept for as long as its document is.
import type { ApolloGateway } from '@apollo/gateway'
import type { OperationDefinitionNode } from 'graphql'
import { TributaryError } from '#shared/errors.ts'
import type { RequestContext } from '../request-context.ts'
import type { LoadedSupergraph } from '../supergraph/load-supergraph.ts'
import { executeRequest } from './execute-request.ts'
import { planOperation, type PlannedRequest } from '../planning/plan-operation.ts'
import type { SubgraphClient } from '../subgraphs/subgraph-client.ts'

type GatewayExecutor = ApolloGateway['executor']

export function createApolloExecutor(supergraph: LoadedSupergraph, client: SubgraphClient): GatewayExecutor {
  const plans = new WeakMap<OperationDefinitionNode, PlannedRequest>()

  return async ({ document, operation, request, context }) => {
    let planned = plans.get(operation)
    if (!planned) {
      const made = planOperation(supergraph, document, operation)
      if (made.kind === 'subscription')
        throw new TributaryError('BAD_USER_INPUT', 'Subscriptions are answered over WebSocket, at the same path.')
      planned = made
      plans.set(operation, planned)
    }
    return executeRequest({
      schema: supergraph.apiSchema,
      planned,
      variables: request.variables ?? {},
      context: context as RequestContext,
      client,
    }) as ReturnType<GatewayExecutor>
  }
}
