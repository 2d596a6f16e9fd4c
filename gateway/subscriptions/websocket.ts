// graphql-ws towards clients: every operation kind over one socket. A credential of the connection is checked before it is acknowledged; a
// connection without one is open to operations that bring their own (socket-operations.ts). Nothing is read of an operation before it is known
// who asks.
import { getVariableValues, GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql'
import type { SubscribePayload } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, Server } from 'node:http'
import { WebSocketServer } from 'ws'
import { assertNever, TributaryError } from '#shared/errors.ts'
import { createLeavableStream } from '#shared/graphql/leavable-stream.ts'
import type { Authenticator } from '../auth/authenticate.ts'
import { authorizeOperation, missingCredentials } from '../auth/authorize-operation.ts'
import type { Generation } from '../generation.ts'
import type { PreparedOperation } from '../planning/prepare-operation.ts'
import type { OperationGate } from '../operations/operation-limits.ts'
import type { PersistedQueries } from '../operations/persisted-queries.ts'
import { resolveDocument } from '../operations/resolve-document.ts'
import type { TrustedDocuments } from '../operations/trusted-documents.ts'
import type { OnCost } from '../plugins/operations.ts'
import type { SubgraphClient } from '../subgraphs/subgraph-client.ts'
import { createRequestContext, type RequestContext } from '../request-context.ts'
import type { GatewayTelemetry } from '../telemetry/index.ts'
import type { OperationRecord } from '../telemetry/operation-record.ts'
import { endWithSignal, headersOnSocket } from '../telemetry/socket-operations.ts'
import { runFederatedSubscription } from './federated-subscription.ts'
import type { SubscriptionSettings } from './settings.ts'
import { createSocketOperations, type SocketOperations } from './socket-operations.ts'
import type { SubscribeUpstream } from './upstream.ts'

export interface WebSocketOptions {
  server: Server
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
  beginRecord: GatewayTelemetry['begin']
  anonymousMayAsk: 'everything' | 'introspection' | 'nothing'
  /** How long a socket without a credential may have no operation open, in milliseconds. Default 10,000. */
  anonymousIdleMs?: number | undefined
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

type SocketState = { operations: SocketOperations }

type AcceptedArgs = ExecutionArgs & { coercedVariables: Record<string, unknown>; query: string; asksForCost: boolean }

const ANONYMOUS_IDLE_MS = 10_000
/** Registered with IANA for servers that cannot serve for a while. */
const TRY_AGAIN_LATER = 1013
/** RFC 6455 gives a reason 123 bytes, a character takes at most three. */
const MAX_REASON_CHARACTERS = 41
const MAX_MESSAGE_BYTES = 1_048_576

export function serveWebSockets(options: WebSocketOptions): { close(): Promise<void> } {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES })
  options.server.on('upgrade', (request, socket, head) => {
    if (new URL(request.url ?? '/', 'http://localhost').pathname !== '/graphql') {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (connection) => sockets.emit('connection', connection, request))
  })

  const { anonymousMayAsk } = options
  const prepared = new WeakMap<object, PreparedOperation>()
  const acceptOperation = async (
    payload: SubscribePayload,
    authorization: string | undefined,
    signal: AbortSignal,
    headers: IncomingHttpHeaders,
    record: OperationRecord,
    requestId: string,
  ): Promise<ExecutionArgs | readonly GraphQLError[]> => {
    const identity = await options.authenticator.authenticate(authorization, AbortSignal.timeout(5000))
    if (!identity && anonymousMayAsk === 'nothing') throw missingCredentials()
    const { supergraph, prepare } = options.generation()
    const { text, persist } = documentOf(payload, options)
    const caller = { identity, signal, deadline: Infinity, record }
    const operation = await prepare(text, payload.operationName, caller)
    if (operation.kind === 'invalid') return operation.errors
    persist?.()
    record.identify(operation.document, operation.operation)
    if (anonymousMayAsk !== 'everything')
      authorizeOperation({
        identity,
        document: operation.document,
        operation: operation.operation,
        allowsAnonymousIntrospection: anonymousMayAsk === 'introspection',
      })
    const coerced = getVariableValues(
      supergraph.apiSchema,
      operation.operation.variableDefinitions ?? [],
      payload.variables ?? {},
    )
    if (coerced.errors)
      return coerced.errors.map(
        (error) =>
          new GraphQLError(error.message, {
            ...(error.nodes ? { nodes: error.nodes } : {}),
            extensions: { code: 'BAD_USER_INPUT' },
          }),
      )
    if (operation.kind === 'subscription') {
      const { document, operation: definition } = operation
      const running = {
        schema: supergraph.apiSchema,
        document,
        operation: definition,
        variables: payload.variables ?? {},
      }
      // The others are admitted as those over HTTP are.
      options.onCost(options.gate.admit(running, identity), definition.name?.value ?? null)
    }
    const context = createRequestContext({
      identity,
      signal,
      requestId,
      headers,
      timeoutMs: operation.kind === 'subscription' ? Infinity : options.requestTimeoutMs,
      records: [record],
    })
    const args: AcceptedArgs = {
      schema: supergraph.apiSchema,
      document: operation.document,
      operationName: payload.operationName ?? null,
      variableValues: payload.variables ?? {},
      contextValue: context,
      coercedVariables: coerced.coerced,
      query: text,
      asksForCost: payload.extensions?.['cost'] === true,
    }
    prepared.set(args, operation)
    return args
  }

  const server = useServer<Record<string, unknown>, SocketState>(
    {
      connectionInitWaitTimeout: 10_000,
      onConnect: async ({ connectionParams, extra }) => {
        const { socket } = extra
        const authorization = readAuthorization(connectionParams)
        let identity
        try {
          identity = await options.authenticator.authenticate(authorization, AbortSignal.timeout(10_000))
        } catch (error) {
          // Closes with 4403 Forbidden; anything but a bad credential is our own trouble (4500).
          if (!(error instanceof TributaryError)) throw error
          if (error.code === 'UNAUTHENTICATED') return false
          if (!error.isRetryable) throw error
          // Nobody can be asked now who this is: clients connect again after this code, and not after 4500.
          socket.close(TRY_AGAIN_LATER, error.message.slice(0, MAX_REASON_CHARACTERS))
          return false
        }
        // Gone meanwhile: nothing would tell us to stop watching it.
        if (socket.readyState !== socket.OPEN) return false
        extra.operations = createSocketOperations({
          authorization: identity ? authorization : undefined,
          authenticator: options.authenticator,
          anonymousIdleMs: anonymousMayAsk !== 'nothing' ? null : (options.anonymousIdleMs ?? ANONYMOUS_IDLE_MS),
          closeSocket: (code, reason) => socket.close(code, reason),
        })
        return true
      },
      onSubscribe: async ({ extra: { operations, request }, connectionParams }, _id, payload) => {
        const requestId = randomUUID()
        const brought = payload.extensions?.['headers']
        const record = options.beginRecord({
          requestId,
          transport: 'websocket',
          headers: headersOnSocket(request.headers, connectionParams, brought),
        })
        try {
          if (!operations) throw new TributaryError('INTERNAL_SERVER_ERROR', 'A socket was not acknowledged.')
          const authorization = operations.credentialOf(readAuthorization(brought))
          const signal = operations.begin(payload, authorization)
          endWithSignal(record, signal)
          const accepted = await acceptOperation(payload, authorization, signal, request.headers, record, requestId)
          if (Array.isArray(accepted)) {
            for (const error of accepted) record.fail(error)
            operations.end(payload)
          }
          return accepted
        } catch (error) {
          record.fail(error)
          operations?.end(payload)
          record.end()
          return [toGraphQLError(error)]
        }
      },
      // As a stream of one result, because graphql-ws tells only streams that the client has left.
      async *execute(args) {
        const { contextValue, query, operationName, variableValues, asksForCost } = args as AcceptedArgs
        yield await options.executeRequest(
          { query, operationName, variables: variableValues ?? {}, asksForCost },
          contextValue as RequestContext,
        )
      },
      subscribe: (args) => {
        const operation = prepared.get(args)
        if (operation?.kind !== 'subscription')
          throw new TributaryError('INTERNAL_SERVER_ERROR', 'An operation was not prepared.')
        const { contextValue, coercedVariables } = args as AcceptedArgs
        const context = contextValue as RequestContext
        const stream = runFederatedSubscription({
          schema: args.schema,
          planned: operation,
          variables: args.variableValues ?? {},
          coercedVariables,
          context,
          client: options.client,
          subscribeUpstream: options.subscribeUpstream,
          settings: options.subscriptions,
        })
        return endWithReason(stream, context.signal)
      },
      onOperation: ({ extra }, _id, payload, args, results) => {
        const { requestId } = args.contextValue as RequestContext
        return createLeavableStream(results as AsyncIterable<ExecutionResult>, {
          onLeave: () => extra.operations?.end(payload),
          onLateError: (error) => options.formatError(toGraphQLError(error), requestId),
        })
      },
      onNext: (_connection, _id, _payload, args, result) => {
        if (!result.errors) return undefined
        const { requestId, record } = args.contextValue as RequestContext
        // Those of a query or mutation are formatted already.
        const errors = result.errors.map((error) =>
          error instanceof GraphQLError ? options.formatError(error, requestId) : error,
        )
        for (const error of errors) record?.fail(error)
        return { ...result, errors } as never
      },
      onError: (_connection, _id, _payload, errors) =>
        errors.map((error) => options.formatError(error, randomUUID())) as never,
      onComplete: ({ extra }, _id, payload) => extra.operations?.end(payload),
      onDisconnect: ({ extra }) => extra.operations?.endAll(),
    },
    sockets,
  )
  return { close: async () => server.dispose() }
}

/** The text that is meant, and how to keep it under its hash once it is known to be valid. Throws what the client is to be told. */
function documentOf(
  payload: SubscribePayload,
  { trusted, persistedQueries }: WebSocketOptions,
): { text: string; persist?: () => void } {
  const resolved = resolveDocument(
    {
      query: payload.query,
      documentId: Object.hasOwn(payload, 'documentId')
        ? (payload as { documentId?: unknown }).documentId
        : payload.extensions?.['documentId'],
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

/** When the operation was aborted with a coded reason (a revoked key), that reason is the stream's last result. */
async function* endWithReason(
  stream: AsyncGenerator<ExecutionResult>,
  signal: AbortSignal,
): AsyncGenerator<ExecutionResult> {
  yield* stream
  if (signal.aborted && signal.reason instanceof TributaryError) yield { errors: [toGraphQLError(signal.reason)] }
}

/** Of connection parameters or of the headers that came with an operation: both are whatever the client made them. */
function readAuthorization(headers: unknown): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined
  const [, value] = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization') ?? []
  return typeof value === 'string' ? value : undefined
}

function toGraphQLError(error: unknown): GraphQLError {
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
