// A federated subscription: the primary fetch is subscribed upstream; for each event, in order, the rest of the plan runs with the event as
// its start, and the result is shaped for the client. Errors of an event stay with that event.
import type { ExecutionResult, GraphQLSchema } from 'graphql'
import { GraphQLError } from 'graphql'
import { TributaryError } from '#shared/errors.ts'
import { executePlan } from '../execution/execute-plan.ts'
import { toPlanError, type PlanError } from '../execution/plan-execution.ts'
import { createSharedValues } from '../execution/shared-values.ts'
import { assembleResult } from '../execution/assemble-result.ts'
import type { PlannedSubscription } from '../planning/plan-operation.ts'
import type { SubgraphClient, SubgraphError } from '../subgraphs/subgraph-client.ts'
import type { RequestContext } from '../request-context.ts'
import { createEntityMemo } from './entity-memo.ts'
import { readEventFields, type EventFields } from './event-fields.ts'
import { cursorOf, mergeEvents } from './merge-events.ts'
import type { SubscriptionSettings } from './settings.ts'
import { UpstreamErrors, type SubscribeUpstream } from './upstream.ts'

export interface FederatedSubscriptionOptions {
  schema: GraphQLSchema
  planned: PlannedSubscription
  variables: Readonly<Record<string, unknown>>
  coercedVariables: Readonly<Record<string, unknown>>
  context: RequestContext
  client: SubgraphClient
  subscribeUpstream: SubscribeUpstream
  settings: SubscriptionSettings
  /** Told, before each result, the cursor of its event; null where it has none. */
  onCursor?: ((cursor: string | null) => void) | undefined
}

export async function* runFederatedSubscription(
  options: FederatedSubscriptionOptions,
): AsyncGenerator<ExecutionResult> {
  const { planned, context, onCursor } = options
  const { primary, rest } = planned.plan
  const variables = Object.fromEntries(
    (primary.variableUsages ?? []).flatMap((name) =>
      name in options.variables ? [[name, options.variables[name]]] : [],
    ),
  )
  const fields = eventFieldsOf(planned, options.schema)
  let cursor: string | null = null
  const known = rest ? createEntityMemo(rest, options.settings.entityMemoMs) : undefined
  const events = options.subscribeUpstream(
    primary.serviceName,
    {
      query: primary.operation,
      operationName: primary.operationName,
      variables,
      ...(fields ? { merge: (earlier, later) => mergeEvents(fields, earlier, later) } : {}),
    },
    context,
  )
  try {
    for await (const event of events) {
      const data = event.data ?? {}
      const reached = fields ? cursorOf(fields, data) : null
      const shared = createSharedValues()
      const errors: PlanError[] = (event.errors ?? []).map((error) =>
        toPlanError(error, primary.serviceName, error.path ?? []),
      )
      if (rest && known && event.data) {
        await executePlan(rest, data, {
          schema: options.schema,
          client: options.client,
          context,
          variables: options.variables,
          coercedVariables: options.coercedVariables,
          errors,
          shared,
          known,
        })
      }
      onCursor?.(reached)
      yield assembleResult({ projected: planned.project(data, options.coercedVariables, shared), fetchErrors: errors })
      cursor = reached ?? cursor
    }
    // Ended from outside, with a reason (a revoked key) or because its client has left.
    if (!context.signal.aborted || !(context.signal.reason instanceof TributaryError)) return
    onCursor?.(null)
    yield { errors: terminalErrors(context.signal.reason, primary.serviceName, cursor) }
  } catch (error) {
    // The stream itself failed: one last result says why, and then it is over.
    onCursor?.(null)
    yield { errors: terminalErrors(error, primary.serviceName, cursor) }
  }
}

/** `cursor`: of the last event that the client got. */
function terminalErrors(error: unknown, subgraph: string, cursor: string | null): GraphQLError[] {
  if (error instanceof UpstreamErrors) return error.errors.map((one) => fromSubgraph(one, subgraph))
  if (!(error instanceof TributaryError)) throw error
  const { code, message, isRetryable } = error
  const originalError = new TributaryError(code, message, {
    cause: error,
    isRetryable,
    ...(cursor === null ? {} : { cursor }),
  })
  return [new GraphQLError(message, { originalError, extensions: { code, isRetryable } })]
}

const eventFields = new WeakMap<PlannedSubscription, EventFields | null>()

function eventFieldsOf(planned: PlannedSubscription, schema: GraphQLSchema): EventFields | null {
  let fields = eventFields.get(planned)
  if (fields === undefined) eventFields.set(planned, (fields = readEventFields(schema, planned.plan.primary.operation)))
  return fields
}

/** With the subgraph's name: whoever formats errors must know whose words they are. */
const fromSubgraph = (error: SubgraphError, subgraph: string): GraphQLError =>
  new GraphQLError(error.message, {
    path: error.path ?? null,
    extensions: { code: 'INTERNAL_SERVER_ERROR', ...error.extensions, serviceName: subgraph },
  })
