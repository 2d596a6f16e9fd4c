// graphql-ws towards clients: every operation kind over one socket. A credential of the connection is checked before it is acknowledged; a
// connection without one is open to operations that bring their own (socket-operations.ts).
import type { ExecutionResult } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import { WebSocketServer } from 'ws'
import { TributaryError } from '#shared/errors.ts'
import { createLeavableStream } from '#shared/graphql/leavable-stream.ts'
import type { Authenticator } from '../auth/authenticate.ts'
import type { CredentialWatch } from '../auth/credential-watch.ts'
import type { RequestContext } from '../request-context.ts'
import type { GatewayTelemetry } from '../telemetry/index.ts'
import { endWithSignal, headersOnSocket } from '../telemetry/socket-operations.ts'
import { toGraphQLError, type ClientOperation, type ClientOperations } from './client-operations.ts'
import { createSocketOperations, type SocketOperations } from './socket-operations.ts'

export interface WebSocketOptions {
  server: Server
  operations: ClientOperations
  authenticator: Authenticator
  credentials: CredentialWatch
  beginRecord: GatewayTelemetry['begin']
  anonymousMayAsk: 'everything' | 'introspection' | 'nothing'
  /** How long a socket without a credential may have no operation open, in milliseconds. Default 10,000. */
  anonymousIdleMs?: number | undefined
}

type SocketState = { operations: SocketOperations }

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

  const accepted = new WeakMap<object, ClientOperation>()
  const run = (args: object): AsyncGenerator<ExecutionResult> => {
    const operation = accepted.get(args)
    if (!operation) throw new TributaryError('INTERNAL_SERVER_ERROR', 'An operation was not accepted.')
    return operation.run()
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
          credentials: options.credentials,
          anonymousIdleMs:
            options.anonymousMayAsk !== 'nothing' ? null : (options.anonymousIdleMs ?? ANONYMOUS_IDLE_MS),
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
          const asked = await options.operations.accept(payload, {
            authorization,
            signal,
            headers: request.headers,
            record,
            requestId,
          })
          if (asked.kind === 'invalid') {
            for (const error of asked.errors) record.fail(error)
            operations.end(payload)
            return asked.errors
          }
          accepted.set(asked.operation.args, asked.operation)
          return asked.operation.args
        } catch (error) {
          record.fail(error)
          operations?.end(payload)
          record.end()
          return [toGraphQLError(error)]
        }
      },
      // Queries and mutations too are streams, because graphql-ws tells only streams that the client has left.
      execute: run,
      subscribe: run,
      onOperation: ({ extra }, _id, payload, args, results) => {
        const { requestId } = args.contextValue as RequestContext
        return createLeavableStream(results as AsyncIterable<ExecutionResult>, {
          onLeave: () => extra.operations?.end(payload),
          onLateError: (error) => options.operations.formatErrors([toGraphQLError(error)], requestId),
        })
      },
      onNext: (_connection, _id, _payload, args, result) =>
        options.operations.format(result as ExecutionResult, args.contextValue as RequestContext) as never,
      onError: (_connection, _id, _payload, errors) =>
        options.operations.formatErrors(errors.map(toGraphQLError)) as never,
      onComplete: ({ extra }, _id, payload) => extra.operations?.end(payload),
      onDisconnect: ({ extra }) => extra.operations?.endAll(),
    },
    sockets,
  )
  return { close: async () => server.dispose() }
}

/** Of connection parameters or of the headers that came with an operation: both are whatever the client made them. */
function readAuthorization(headers: unknown): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined
  const [, value] = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization') ?? []
  return typeof value === 'string' ? value : undefined
}
