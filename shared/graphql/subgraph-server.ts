// One subgraph as an HTTP server: /graphql (queries, mutations, `_entities`), the same path as WebSocket (subscriptions), /health, /ready, and
// internal routes. Nothing is answered without the gateway's signed identity.
import { ApolloServer, type BaseContext } from '@apollo/server'
import {
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { GraphQLError, parse, type ExecutionResult, type GraphQLSchema } from 'graphql'
import type { IMiddlewareGenerator } from 'graphql-middleware'
import { useServer } from 'graphql-ws/use/ws'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import { TributaryError, ERROR_CATALOGUE } from '../errors.ts'
import { applyShield } from './apply-shield.ts'
import { BODY_LIMIT_BYTES } from './body-limit.ts'
import { formatGraphError } from './format-error.ts'
import { createLeavableStream } from './leavable-stream.ts'

/** What a request brings: the token to verify, and the means to notice that the caller left. */
export interface IncomingRequest {
  identityToken: string | undefined
  signal: AbortSignal
  requestId: string
  /** Of a subscription whose client comes back to it: the last event it has seen. */
  lastEventId: string | null
}

export interface SubgraphServerOptions<Context extends BaseContext> {
  name: string
  typeDefinitions: string
  resolvers: object
  permissions: IMiddlewareGenerator<unknown, unknown, unknown>
  /** Verifies the identity and makes the context of one operation, with fresh loaders. Throws UNAUTHENTICATED. */
  createContext: (request: IncomingRequest) => Promise<Context>
  /** Verifies who opens a socket on which each operation brings the identity of its caller. Throws UNAUTHENTICATED. */
  verifyProcess: (token: string | undefined) => Promise<unknown>
  /**
   * Name of the header that carries the signed identity. On a socket it is a connection parameter: of the caller of all its operations, or of the
   * process that opened it; then each operation has its caller's in the `headers` of its `extensions`.
   */
  identityHeader: string
  /** Internal routes and uploads; each authenticates by itself. */
  addRoutes?: (app: FastifyInstance) => void | Promise<void>
  /** Throws while the subgraph cannot serve. */
  checkReady?: () => Promise<void>
  host: string
  /** 0 picks a free one. */
  port: number
  logger: Logger
}

export interface RunningSubgraph {
  /** Where the gateway finds it: `http://host:port/graphql`. */
  url: string
  origin: string
  schema: GraphQLSchema
  close(): Promise<void>
}

/** common.graphql and the subgraph's own file, as one document. */
export function readTypeDefinitions(name: string): string {
  const read = (file: string) => readFileSync(new URL(`../../schema/${file}`, import.meta.url), 'utf8')
  return `${read('common.graphql')}\n${read(`${name}.graphql`)}`
}

export async function startSubgraphServer<Context extends BaseContext>(
  options: SubgraphServerOptions<Context>,
): Promise<RunningSubgraph> {
  const { name, logger } = options
  const schema = applyShield(
    buildSubgraphSchema([{ typeDefs: parse(options.typeDefinitions), resolvers: options.resolvers as never }]),
    options.permissions,
  )
  const onUnexpected = (error: unknown, requestId: string) =>
    logger.error({ err: error, requestId }, 'unexpected error')
  const app: FastifyInstance = Fastify({
    loggerInstance: logger.child({}, { level: 'warn' }) as FastifyBaseLogger,
    genReqId: (request) => headerOf(request.headers['x-request-id']) ?? randomUUID(),
    forceCloseConnections: true,
    bodyLimit: BODY_LIMIT_BYTES,
  })

  const apollo = new ApolloServer<Context>({
    schema,
    introspection: true,
    csrfPrevention: false,
    // The process decides when to end; Apollo would kill it by the same signal again.
    stopOnTerminationSignals: false,
    includeStacktraceInErrorResponses: false,
    // A page for people would be an answer without an identity.
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      // Reports are the gateway's. Apollo Server looks for their variables by itself, and does not start where a subgraph is to report its schema.
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      fastifyApolloDrainPlugin(app) as never,
    ],
    formatError: (formatted, error) =>
      formatGraphError(formatted, error, { requestId: requestIdOf(error) ?? randomUUID(), onUnexpected }),
    logger,
  })
  await apollo.start()

  app.setErrorHandler((error: unknown, request, reply) => {
    if (error instanceof TributaryError) {
      return reply
        .status(ERROR_CATALOGUE[error.code].httpStatus)
        .send({ error: { code: error.code, message: error.message, isRetryable: error.isRetryable } })
    }
    const status = (error as { statusCode?: number }).statusCode ?? 500
    if (status >= 500) onUnexpected(error, request.id)
    return reply.status(status).send({
      error: {
        code: status === 413 ? 'UPLOAD_TOO_LARGE' : status >= 500 ? 'INTERNAL_SERVER_ERROR' : 'BAD_USER_INPUT',
        message: status >= 500 ? 'Something went wrong on the server.' : (error as Error).message,
        isRetryable: false,
      },
    })
  })
  app.get('/health', () => ({ status: 'live', name }))
  app.get('/ready', async (_request, reply) => {
    try {
      await options.checkReady?.()
      return { status: 'ready', name }
    } catch (error) {
      return reply
        .status(503)
        .send({ status: 'unavailable', name, message: error instanceof Error ? error.message : String(error) })
    }
  })
  app.route({
    url: '/graphql',
    method: ['GET', 'POST'],
    handler: fastifyApolloHandler(apollo as never, {
      context: async (request: FastifyRequest, reply: FastifyReply) =>
        options
          .createContext({
            identityToken: headerOf(request.headers[options.identityHeader]),
            signal: closedEarly(reply),
            requestId: request.id,
            lastEventId: null,
          })
          .catch(rethrowWithStatus),
    }) as never,
  })
  await options.addRoutes?.(app)

  const webSockets = new WebSocketServer({ noServer: true, maxPayload: 1_048_576 })
  app.server.on('upgrade', (request, socket, head) => {
    if (new URL(request.url ?? '/', 'http://localhost').pathname !== '/graphql') return socket.destroy()
    webSockets.handleUpgrade(request, socket, head, (connection) => webSockets.emit('connection', connection, request))
  })
  const contexts = new WeakMap<object, Context>()
  const streams = useServer<Record<string, unknown>, StreamingExtra>(
    {
      schema,
      connectionInitWaitTimeout: 10_000,
      onConnect: async (connection) => {
        connection.extra.operations = new Map()
        const identityToken = textOf(connection.connectionParams, options.identityHeader)
        const asCaller = {
          identityToken,
          signal: new AbortController().signal,
          requestId: 'connect',
          lastEventId: null,
        }
        try {
          await Promise.any([options.verifyProcess(identityToken), options.createContext(asCaller)])
          return true
        } catch {
          return false
        }
      },
      // Not in `context`: what is thrown there closes the socket, with the operations of others on it.
      onSubscribe: async ({ extra, connectionParams }, _id, payload) => {
        const controller = new AbortController()
        extra.operations?.set(payload, controller)
        const { identityHeader } = options
        const headers = payload.extensions?.['headers']
        const requestId = textOf(headers, 'x-request-id') ?? randomUUID()
        try {
          const context = await options.createContext({
            // That of a process is no caller's: an operation without its own is refused then.
            identityToken: textOf(headers, identityHeader) ?? textOf(connectionParams, identityHeader),
            signal: controller.signal,
            requestId,
            lastEventId: textOf(headers, 'last-event-id') ?? null,
          })
          contexts.set(payload, context)
          return undefined
        } catch (error) {
          endOperation(extra, payload)
          return [toGraphQLError(error)]
        }
      },
      context: (_connection, _id, payload) => contexts.get(payload)!,
      onOperation: ({ extra }, _id, payload, _args, result) =>
        isAsyncIterable(result)
          ? createLeavableStream(result as AsyncIterable<ExecutionResult>, {
              onLeave: () => endOperation(extra, payload),
              onLateError: (error) => onUnexpected(error, randomUUID()),
            })
          : undefined,
      onComplete: ({ extra }, _id, payload) => endOperation(extra, payload),
      onDisconnect: ({ extra }) => {
        for (const controller of extra.operations?.values() ?? []) controller.abort()
      },
      onError: (_connection, _id, _payload, errors) =>
        errors.map((error) =>
          formatGraphError(error.toJSON(), error, { requestId: randomUUID(), onUnexpected }),
        ) as never,
      onNext: (_connection, _id, _payload, _args, result) => {
        if (!result.errors) return undefined
        const errors = result.errors.map((error) =>
          formatGraphError(error.toJSON(), error, { requestId: randomUUID(), onUnexpected }),
        )
        return { ...result, errors: errors } as never
      },
    },
    webSockets,
  )

  const origin = await listen(app, options.host, options.port)
  logger.debug({ origin }, 'subgraph listening')
  return {
    url: `${origin}/graphql`,
    origin,
    schema,
    async close() {
      await streams.dispose()
      await apollo.stop()
      await app.close()
    },
  }
}

/** Listens, and answers with the origin that was really taken. Throws PORT_IN_USE. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'EADDRINUSE')
      throw new TributaryError(
        'PORT_IN_USE',
        `Port ${port} on ${host} is in use. Stop the program that has it, or choose another with --port.`,
        { cause },
      )
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new TributaryError(
        'CONFIGURATION_INVALID',
        `This machine has no address "${host}" to listen on. Choose another with --host.`,
        { cause },
      )
    throw cause
  }
  const address = app.server.address()
  const actualPort = typeof address === 'object' && address ? address.port : port
  return `http://${host.includes(':') ? `[${host}]` : host}:${actualPort}`
}

/** Aborted when the caller leaves before the answer was written; the socket itself lives on between requests. */
export function closedEarly(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort()
  })
  return controller.signal
}

interface StreamingExtra extends Record<PropertyKey, unknown> {
  /** By the payload that asked for it: an id may be used again while the one before is still ending. */
  operations?: Map<object, AbortController>
}

function endOperation(extra: StreamingExtra, payload: object): void {
  extra.operations?.get(payload)?.abort()
  extra.operations?.delete(payload)
}

/** Before it is formatted like any other. */
const toGraphQLError = (error: unknown): GraphQLError =>
  new GraphQLError(error instanceof Error ? error.message : String(error), {
    originalError: error instanceof Error ? error : null,
  })

const isAsyncIterable = (value: unknown): boolean => typeof Object(value)[Symbol.asyncIterator] === 'function'

const headerOf = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value)

/** Of an object that a client made. */
function textOf(values: unknown, name: string): string | undefined {
  if (typeof values !== 'object' || values === null || !Object.hasOwn(values, name)) return undefined
  const value = (values as Record<string, unknown>)[name]
  return typeof value === 'string' ? value : undefined
}

function requestIdOf(error: unknown): string | undefined {
  return error instanceof GraphQLError ? (error.extensions['requestId'] as string | undefined) : undefined
}

/** Apollo Server turns an error of the context function into a 500 unless it says otherwise. */
function rethrowWithStatus(error: unknown): never {
  if (error instanceof TributaryError) {
    throw new GraphQLError(error.message, {
      originalError: error,
      extensions: { code: error.code, http: { status: ERROR_CATALOGUE[error.code].httpStatus } },
    })
  }
  throw error
}
