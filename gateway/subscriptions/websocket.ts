// graphql-ws towards clients: every operation kind over one socket. The credential is checked before the connection is acknowledged, and
// again every quarter of a second while it is open: revoked, its streams end with UNAUTHENTICATED and the socket closes.
import { getVariableValues, GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql'
import { CloseCode } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import { WebSocketServer } from 'ws'
import { TributaryError } from '#shared/errors.ts'
import { createLeavableStream } from '#shared/graphql/leavable-stream.ts'
import type { Authenticator } from '../auth/authenticate.ts'
import { authorizeOperation } from '../auth/authorize-operation.ts'
import type { PreparedOperation, PrepareOperation } from '../execution/prepare-operation.ts'
import type { SubgraphClient } from '../execution/subgraph-client.ts'
import type { RequestContext } from '../request-context.ts'
import type { LoadedSupergraph } from '../supergraph/load-supergraph.ts'
import { runFederatedSubscription } from './federated-subscription.ts'
import type { SubscribeUpstream } from './upstream.ts'

export interface WebSocketOptions {
  server: Server
  supergraph: LoadedSupergraph
  prepare: PrepareOperation
  authenticator: Authenticator
  client: SubgraphClient
  subscribeUpstream: SubscribeUpstream
  allowsAnonymousIntrospection: boolean
  /** Runs a query or mutation as HTTP would. */
  executeRequest: (
    request: { query: string; operationName?: string | null | undefined; variables: Record<string, unknown> },
    context: RequestContext,
  ) => Promise<ExecutionResult>
  formatError: (error: GraphQLError, requestId: string) => unknown
}

interface Extra extends Record<PropertyKey, unknown> {
  authorization?: string | undefined
  watch?: NodeJS.Timeout
  /** By the payload that asked for it: an id may be used again while the one before is still ending. */
  operations?: Map<object, AbortController>
}

const RECHECK_MS = 250
const MAX_MESSAGE_BYTES = 1_048_576
const MAX_OPERATIONS_PER_SOCKET = 100

export function serveWebSockets(options: WebSocketOptions): { close(): Promise<void> } {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES })
  options.server.on('upgrade', (request, socket, head) => {
    if (new URL(request.url ?? '/', 'http://localhost').pathname !== '/graphql') {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (connection) => sockets.emit('connection', connection, request))
  })

  const prepared = new WeakMap<object, PreparedOperation>()
  const server = useServer<Record<string, unknown>, Extra>(
    {
      connectionInitWaitTimeout: 10_000,
      onConnect: async ({ connectionParams, extra }) => {
        extra.authorization = readAuthorization(connectionParams)
        extra.operations = new Map()
        try {
          const identity = await options.authenticator.authenticate(extra.authorization, AbortSignal.timeout(10_000))
          if (!identity && !options.allowsAnonymousIntrospection) return false
        } catch (error) {
          // Closes with 4403 Forbidden; anything but a bad credential is our own trouble (4500).
          if (error instanceof TributaryError && error.code === 'UNAUTHENTICATED') return false
          throw error
        }
        extra.watch = setInterval(() => void recheck(extra), RECHECK_MS)
        const { socket } = extra as unknown as { socket: { close(code: number, reason: string): void } }
        const recheck = async (open: Extra) => {
          if (!open.authorization) return
          try {
            await options.authenticator.authenticate(open.authorization, AbortSignal.timeout(5000))
          } catch (error) {
            if (!(error instanceof TributaryError) || error.code !== 'UNAUTHENTICATED') return
            clearInterval(open.watch)
            for (const controller of open.operations?.values() ?? []) controller.abort(error)
            // After the terminal errors of the streams are on their way.
            setTimeout(() => socket.close(CloseCode.Forbidden, 'Forbidden'), 100)
          }
        }
        return true
      },
      onSubscribe: async ({ extra }, _id, payload) => {
        const requestId = randomUUID()
        try {
          if ((extra.operations?.size ?? 0) >= MAX_OPERATIONS_PER_SOCKET) {
            throw new TributaryError(
              'CAPACITY_EXCEEDED',
              `This socket has ${MAX_OPERATIONS_PER_SOCKET} operations open. Complete one first, or open another socket.`,
            )
          }
          const operation = options.prepare(payload.query, payload.operationName)
          if (operation.kind === 'invalid') return operation.errors
          const controller = new AbortController()
          const identity = await options.authenticator.authenticate(extra.authorization, AbortSignal.timeout(5000))
          authorizeOperation({
            identity,
            document: operation.document,
            operation: operation.operation,
            allowsAnonymousIntrospection: options.allowsAnonymousIntrospection,
          })
          const coerced = getVariableValues(
            options.supergraph.apiSchema,
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
          extra.operations?.set(payload, controller)
          const context: RequestContext = { identity, signal: controller.signal, requestId }
          const args: ExecutionArgs & { coercedVariables?: Record<string, unknown>; query?: string } = {
            schema: options.supergraph.apiSchema,
            document: operation.document,
            operationName: payload.operationName ?? null,
            variableValues: payload.variables ?? {},
            contextValue: context,
            coercedVariables: coerced.coerced,
            query: payload.query,
          }
          prepared.set(args, operation)
          return args
        } catch (error) {
          return [toGraphQLError(error)]
        }
      },
      // As a stream of one result, because graphql-ws tells only streams that the client has left.
      async *execute(args) {
        const { contextValue, query, operationName, variableValues } = args as ExecutionArgs & { query: string }
        yield await options.executeRequest(
          { query, operationName, variables: variableValues ?? {} },
          contextValue as RequestContext,
        )
      },
      subscribe: (args) => {
        const operation = prepared.get(args)
        if (operation?.kind !== 'subscription')
          throw new TributaryError('INTERNAL_SERVER_ERROR', 'An operation was not prepared.')
        const { contextValue, coercedVariables } = args as ExecutionArgs & { coercedVariables: Record<string, unknown> }
        const context = contextValue as RequestContext
        const stream = runFederatedSubscription({
          schema: options.supergraph.apiSchema,
          plan: operation.plan,
          document: operation.document,
          operationName: args.operationName,
          variables: args.variableValues ?? {},
          coercedVariables,
          context,
          client: options.client,
          subscribeUpstream: options.subscribeUpstream,
        })
        return endWithReason(stream, context.signal)
      },
      onOperation: ({ extra }, _id, payload, args, results) => {
        const { requestId } = args.contextValue as RequestContext
        return createLeavableStream(results as AsyncIterable<ExecutionResult>, {
          onLeave: () => end(extra, payload),
          onLateError: (error) => options.formatError(toGraphQLError(error), requestId),
        })
      },
      onNext: (_connection, _id, _payload, args, result) => {
        if (!result.errors) return undefined
        const { requestId } = args.contextValue as RequestContext
        return { ...result, errors: result.errors.map((error) => options.formatError(error, requestId)) } as never
      },
      onError: (_connection, _id, _payload, errors) =>
        errors.map((error) => options.formatError(error, randomUUID())) as never,
      onComplete: ({ extra }, _id, payload) => end(extra, payload),
      onDisconnect: ({ extra }) => {
        clearInterval(extra.watch)
        for (const controller of extra.operations?.values() ?? []) controller.abort()
      },
    },
    sockets,
  )
  return { close: async () => server.dispose() }
}

function end(extra: Extra, payload: object): void {
  extra.operations?.get(payload)?.abort()
  extra.operations?.delete(payload)
}

/** When the operation was aborted with a coded reason (a revoked key), that reason is the stream's last result. */
async function* endWithReason(
  stream: AsyncGenerator<ExecutionResult>,
  signal: AbortSignal,
): AsyncGenerator<ExecutionResult> {
  yield* stream
  if (signal.aborted && signal.reason instanceof TributaryError) yield { errors: [toGraphQLError(signal.reason)] }
}

function readAuthorization(parameters: Record<string, unknown> | undefined): string | undefined {
  const value = parameters?.['Authorization'] ?? parameters?.['authorization']
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
