// The engine as Apollo Server calls it.
import type { ApolloGateway } from '@apollo/gateway'
import { TributaryError } from '#shared/errors.ts'
import { toClientError } from '../operations/resolve-document.ts'
import type { RequestContext } from '../request-context.ts'
import type { LoadedSupergraph } from '../supergraph/load-supergraph.ts'
import { executeRequest } from './execute-request.ts'
import type { SharedOperations } from './shared-operations.ts'
import type { PlansForCallers } from '../planning/plan-for-caller.ts'
import type { SubgraphClient } from '../subgraphs/subgraph-client.ts'

type GatewayExecutor = ApolloGateway['executor']

/** `shared`: null where each operation is executed by itself. */
export function createApolloExecutor(
  supergraph: LoadedSupergraph,
  plans: PlansForCallers,
  client: SubgraphClient,
  shared: SharedOperations | null,
): GatewayExecutor {
  return async ({ document, operation, request, context }) => {
    const { record } = context as RequestContext
    let planned
    try {
      const outcome = plans.planFor(document, operation, context as RequestContext, request.variables ?? {})
      // Without a pause where the plan is kept.
      planned = outcome instanceof Promise ? await outcome : outcome
    } catch (error) {
      throw error instanceof TributaryError ? toClientError(error) : error
    }
    if (planned.kind !== 'request')
      throw new TributaryError(
        'BAD_USER_INPUT',
        'A subscription is answered as a stream: over WebSocket at the same path, or over HTTP with the header "accept: text/event-stream".',
      )
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
