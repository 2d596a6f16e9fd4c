// What clients ask for where results come as a stream, over WebSocket or HTTP: from the payload of an operation of any kind to its results. Nothing is
// read of an operation before it is known who asks.
import { getVariableValues, GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql'
import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { assertNever, TributaryError } from '#shared/errors.ts'
import type { Authenticator } from '../auth/authenticate.ts'
import { authorizeOperation, missingCredentials } from '../auth/authorize-operation.ts'
import type { Generation } from '../generation.ts'
import type { OperationGate } from '../operations/operation-limits.ts'
import type { PersistedQueries } from '../operations/persisted-queries.ts'
import { resolveDocument } from '../operations/resolve-document.ts'
import type { TrustedDocuments } from '../operations/trusted-documents.ts'
import type { OnCost } from '../plugins/operations.ts'
import { createRequestContext, type RequestContext } from '../request-context.ts'
import type { SubgraphClient } from '../subgraphs/subgraph-client.ts'
import type { OperationRecord } from '../telemetry/operation-record.ts'
import { runFederatedSubscription } from './federated-subscription.ts'
import type { SubscriptionSettings } from './settings.ts'
import type { SubscribeUpstream } from './upstream.ts'

/** As clients send it. */
export interface OperationPayload {
  query?: string | undefined
  documentId?: unknown
  operationName?: string | null | undefined
  variables?: Record<string, unknown> | null | undefined
  extensions?: Record<string, unknown> | null | undefined
}

export interface OperationCaller {
  authorization: string | undefined
  /** Aborted when the client leaves; with a TributaryError as its reason, that is what a stream ends with. */
  signal: AbortSignal
  /** Of the request that brought the operation, or that opened its socket. */
  headers: IncomingHttpHeaders
  record: OperationRecord
  requestId: string
  /** The last event of the stream that the client has seen, as it said when it came back. Default null. */
  lastEventId?: string | null
}

export interface ClientOperation {
  /** What graphql-js would be asked with. */
  args: ExecutionArgs & { contextValue: RequestContext }
  /** Its results: one of a query or mutation. `onCursor` is told, before each, the cursor of its event; null where it has none. */
  run(onCursor?: (cursor: string | null) => void): AsyncGenerator<ExecutionResult>
}

export interface ClientOperations {
  /** Throws what the client is to be told; an operation that is no valid one has all its mistakes. */
  accept(
    payload: OperationPayload,
    caller: OperationCaller,
  ): Promise<{ kind: 'accepted'; operation: ClientOperation } | { kind: 'invalid'; errors: readonly GraphQLError[] }>
  /** As it goes to the client. The record is told of its errors. */
  format(result: ExecutionResult, context: RequestContext): ExecutionResult
  formatErrors(errors: readonly GraphQLError[], requestId?: string): readonly GraphQLError[]
}

export interface ClientOperationsOptions {
  /** What a new operation is prepared and run on; one that runs stays on its own. */
  generation: () => Generation
  gate: OperationGate
  trusted: TrustedDocuments
  persistedQueries: PersistedQueries
  onCost: OnCost
  authenticator: Authenticator
  client: SubgraphClient
  subscribeUpstream: SubscribeUpstream
  subscriptions: SubscriptionSettings
  anonymousMayAsk: 'everything' | 'introspection' | 'nothing'
  /** Longest time for a query or mutation, in milliseconds. A subscription has no end of that kind. */
  requestTimeoutMs: number
  /** Runs a query or mutation as HTTP would. */
  executeRequest: (
    request: {
      query: string
      operationName?: string | null | undefined
      variables: Record<string, unknown>
      asksForCost: boolean
    },
    context: RequestContext,
  ) => Promise<ExecutionResult>
  formatError: (error: GraphQLError, requestId: string) => unknown
}

const AUTHENTICATION_TIMEOUT_MS = 5000

export function createClientOperations(options: ClientOperationsOptions): ClientOperations {
  const { anonymousMayAsk } = options
  const format = (errors: readonly unknown[], requestId: string) =>
    // Those of a query or mutation are formatted already.
    errors.map((error) =>
      error instanceof GraphQLError ? options.formatError(error, requestId) : error,
    ) as readonly GraphQLError[]

  return {
    async accept(payload, { authorization, signal, headers, record, requestId, lastEventId }) {
      const identity = await options.authenticator.authenticate(
        authorization,
        AbortSignal.timeout(AUTHENTICATION_TIMEOUT_MS),
      )
      if (!identity && anonymousMayAsk === 'nothing') throw missingCredentials()
      const { supergraph, prepare } = options.generation()
      const { text, persist } = documentOf(payload, options)
      const prepared = await prepare(text, payload.operationName, { identity, signal, deadline: Infinity, record })
      if (prepared.kind === 'invalid') return { kind: 'invalid', errors: prepared.errors }
      persist?.()
      const { document, operation: definition } = prepared
      record.identify(document, definition)
      if (anonymousMayAsk !== 'everything')
        authorizeOperation({
          identity,
          document,
          operation: definition,
          allowsAnonymousIntrospection: anonymousMayAsk === 'introspection',
        })
      const schema = supergraph.apiSchema
      const variables = payload.variables ?? {}
      const coerced = getVariableValues(schema, definition.variableDefinitions ?? [], variables)
      if (coerced.errors) return { kind: 'invalid', errors: coerced.errors.map(asBadInput) }
      if (prepared.kind === 'subscription') {
        // The others are admitted as those over HTTP are.
        const cost = options.gate.admit({ schema, document, operation: definition, variables }, identity)
        options.onCost(cost, definition.name?.value ?? null)
      }
      const context = createRequestContext({
        identity,
        signal,
        requestId,
        headers,
        timeoutMs: prepared.kind === 'subscription' ? Infinity : options.requestTimeoutMs,
        records: [record],
        lastEventId: lastEventId ?? null,
      })
      const operationName = payload.operationName ?? null
      const args = { schema, document, operationName, variableValues: variables, contextValue: context }
      if (prepared.kind === 'subscription') {
        const run: ClientOperation['run'] = (onCursor) =>
          runFederatedSubscription({
            schema,
            planned: prepared,
            variables,
            coercedVariables: coerced.coerced,
            context,
            client: options.client,
            subscribeUpstream: options.subscribeUpstream,
            settings: options.subscriptions,
            onCursor,
          })
        return { kind: 'accepted', operation: { args, run } }
      }
      const asksForCost = payload.extensions?.['cost'] === true
      const execute = () => options.executeRequest({ query: text, operationName, variables, asksForCost }, context)
      return { kind: 'accepted', operation: { args, run: () => streamOfOne(execute) } }
    },
    format(result, { requestId, record }) {
      if (!result.errors) return result
      const errors = format(result.errors, requestId)
      for (const error of errors) record?.fail(error)
      return { ...result, errors }
    },
    formatErrors: (errors, requestId = randomUUID()) => format(errors, requestId),
  }
}

export function toGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error
  if (error instanceof TributaryError)
    return new GraphQLError(error.message, {
      originalError: error,
      extensions: { code: error.code, isRetryable: error.isRetryable },
    })
  return new GraphQLError('Something went wrong on the server.', {
    originalError: error instanceof Error ? error : new Error(String(error)),
  })
}

/** The text that is meant, and how to keep it under its hash once it is known to be valid. Throws what the client is to be told. */
function documentOf(
  payload: OperationPayload,
  { trusted, persistedQueries }: ClientOperationsOptions,
): { text: string; persist?: () => void } {
  const resolved = resolveDocument(
    {
      query: payload.query,
      documentId: Object.hasOwn(payload, 'documentId') ? payload.documentId : payload.extensions?.['documentId'],
      persistedQuery: payload.extensions?.['persistedQuery'],
      operationName: payload.operationName ?? undefined,
    },
    trusted,
  )
  switch (resolved.kind) {
    case 'text':
      return { text: resolved.text }
    case 'text-to-persist':
      return {
        text: resolved.text,
        persist: () => persistedQueries.register(resolved.sha256Hash, resolved.text),
      }
    case 'hash': {
      const text = persistedQueries.find(resolved.sha256Hash)
      if (text !== undefined) return { text }
      throw new GraphQLError('PersistedQueryNotFound', { extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } })
    }
    case 'missing':
      throw new GraphQLError('The operation has neither a query nor an id.', { extensions: { code: 'BAD_REQUEST' } })
    case 'refused':
      throw resolved.error
    default:
      return assertNever(resolved)
  }
}

const asBadInput = (error: GraphQLError): GraphQLError =>
  new GraphQLError(error.message, {
    ...(error.nodes ? { nodes: error.nodes } : {}),
    extensions: { code: 'BAD_USER_INPUT' },
  })

async function* streamOfOne(execute: () => Promise<ExecutionResult>): AsyncGenerator<ExecutionResult> {
  yield await execute()
}
