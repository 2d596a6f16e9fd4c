// The engine in the place of ApolloGateway's own executor. Apollo Server keeps documents by the hash of their text, so the plan of an operation is
// kept for as long as its document is.
import type { ApolloGateway } from '@apollo/gateway'
import type { OperationDefinitionNode } from 'graphql'
import { TributaryError } from '#shared/errors.ts'
import type { RequestContext } from '../request-context.ts'
import type { LoadedSupergraph } from '../supergraph/load-supergraph.ts'
import { timePlanning } from '../telemetry/operation-record.ts'
import { executeRequest } from './execute-request.ts'
import { planOperation, type PlannedRequest } from '../planning/plan-operation.ts'
import type { SubgraphClient } from '../subgraphs/subgraph-client.ts'

export function createApolloExecutor(supergraph: LoadedSupergraph, client: SubgraphClient): ApolloGateway['executor'] {
  const plans = new WeakMap<OperationDefinitionNode, PlannedRequest>()

  return async ({ document, operation, request, context }) => {
    const { record } = context as RequestContext
    let planned = plans.get(operation)
    record?.planAsked(planned !== undefined)
    if (!planned) {
      const made = timePlanning(record, () => planOperation(supergraph, document, operation))
      if (made.kind === 'subscription')
        throw new TributaryError('BAD_USER_INPUT', 'Subscriptions are answered over WebSocket, at the same path.')
      planned = made
      plans.set(operation, planned)
    }
    if (record) record.plan = planned.plan
    return executeRequest({
      schema: supergraph.apiSchema,
      planned,
      variables: request.variables ?? {},
      context: context as RequestContext,
      client,
    }) as ReturnType<ApolloGateway['executor']>
  }
}
