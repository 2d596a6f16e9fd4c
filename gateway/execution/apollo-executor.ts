// The engine as Apollo Server calls it. Apollo Server keeps documents by the hash of their text, so the plans of an operation are
// kept for as long as its document is.
import type { ApolloGateway } from '@apollo/gateway'
import { TributaryError } from '#shared/errors.ts'
import type { RequestContext } from '../request-context.ts'
import type { LoadedSupergraph } from '../supergraph/load-supergraph.ts'
import { executeRequest } from './execute-request.ts'
import type { SharedOperations } from './shared-operations.ts'
import { createPlanForCaller } from '../planning/plan-for-caller.ts'
import type { SubgraphClient } from '../subgraphs/subgraph-client.ts'

type GatewayExecutor = ApolloGateway['executor']

/** `shared`: null where each operation is executed by itself. */
export function createApolloExecutor(
  supergraph: LoadedSupergraph,
  client: SubgraphClient,
  shared: SharedOperations | null,
): GatewayExecutor {
  const planFor = createPlanForCaller(supergraph)

  return async ({ document, operation, request, context }) => {
    const { identity, record } = context as RequestContext
    const planned = planFor(document, operation, identity, record)
    if (planned.kind !== 'request')
      throw new TributaryError('BAD_USER_INPUT', 'Subscriptions are answered over WebSocket, at the same path.')
    if (record) record.plan = planned.plan
    return executeRequest({
      schema: supergraph.apiSchema,
      planned,
      variables: request.variables ?? {},
      context: context as RequestContext,
      client,
      shared,
    }) as ReturnType<GatewayExecutor>
  }
}
