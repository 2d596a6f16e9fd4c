// One endpoint: /graphql over HTTP and WebSocket, the upload address, health, metrics and the pages for people.
import { ApolloGateway } from '@apollo/gateway'
import { ApolloServer } from '@apollo/server'
import { fastifyApolloHandler } from '@as-integrations/fastify'
import cors from '@fastify/cors'
import proxy from '@fastify/http-proxy'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { GraphQLError, type ExecutionResult, type GraphQLFormattedError } from 'graphql'
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { ERROR_CATALOGUE, TributaryError } from '#shared/errors.ts'
import { formatGraphError } from '#shared/graphql/format-error.ts'
import { BODY_LIMIT_BYTES, closedEarly, listen } from '#shared/graphql/subgraph-server.ts'
import { IDENTITY_HEADER, type IdentitySigner } from '../contracts/identity.ts'
import type { Authenticator } from './auth/authenticate.ts'
import { isLoopback } from './auth/authorize-operation.ts'
import { createApolloExecutor } from './execution/apollo-executor.ts'
import { createPrepareOperation } from './planning/prepare-operation.ts'
import { createSubgraphClient } from './subgraphs/subgraph-client.ts'
import { readExampleOperations } from './pages/example-operations.ts'
import { servePages } from './pages/serve-pages.ts'
import { createPlugins } from './plugins/index.ts'
import type { RequestContext } from './request-context.ts'
import { createSubscribeUpstream } from './subscriptions/upstream.ts'
import { serveWebSockets } from './subscriptions/websocket.ts'
import type { LoadedSupergraph } from './supergraph/load-supergraph.ts'
import { recordHttpOperations } from './telemetry/http-operations.ts'
import { openTelemetry } from './telemetry/index.ts'
import { observeUpstream } from './telemetry/observed-upstream.ts'
import { QUIET_TELEMETRY, type TelemetrySettings } from './telemetry/settings.ts'

export interface GatewayServerOptions {
  host: string
  /** 0 picks a free one. */
  port: number
  corsOrigins: readonly string[]
  supergraph: LoadedSupergraph
  /** The GraphQL URL of a subgraph by its name in the supergraph. */
  urlOf: (subgraph: string) => string
  /** Where uploads are sent on to; null without an ingestion subgraph. */
  uploadOrigin: string | null
  signer: IdentitySigner
  authenticator: Authenticator
  /** How long a socket without a credential may have no operation open, in milliseconds. Default 10,000. */
  anonymousIdleMs?: number
  /** Default: figures, and lines in the log; nothing leaves the process. */
  telemetry?: TelemetrySettings
  logger: Logger
}

export interface RunningGateway {
  /** `http://host:port` */
  origin: string
  /** `http://host:port/graphql` */
  url: string
  close(): Promise<void>
}

const EXAMPLE_OPERATION = 'Viewer'
const READY_TIMEOUT_MS = 5000

export async function startGatewayServer(options: GatewayServerOptions): Promise<RunningGateway> {
  const { supergraph, signer, logger } = options
  const allowsAnonymousIntrospection = isLoopback(options.host)
  const telemetry = await openTelemetry(options.telemetry ?? QUIET_TELEMETRY, logger)
  const client = telemetry.observeClient(createSubgraphClient({ urlOf: options.urlOf, signer }))
  const operations = await readExampleOperations(new URL('../schema/operations/', import.meta.url))
  const onUnexpected = (error: unknown, requestId: string) =>
    logger.error({ err: error, requestId }, 'unexpected error')

  const app: FastifyInstance = Fastify({
    loggerInstance: logger.child({}, { level: 'warn' }) as FastifyBaseLogger,
    genReqId: requestIdOf,
    forceCloseConnections: true,
    bodyLimit: BODY_LIMIT_BYTES,
  })
  const httpOperations = recordHttpOperations(app, telemetry.begin)
  await app.register(cors, { origin: [...options.corsOrigins], methods: ['GET', 'POST', 'PUT'], maxAge: 600 })

  const gateway = new ApolloGateway({ supergraphSdl: supergraph.sdl, logger })
  gateway.executor = createApolloExecutor(supergraph, client)
  const apollo = new ApolloServer<RequestContext>({
    gateway,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    apollo: telemetry.apollo,
    plugins: createPlugins({
      app,
      allowsAnonymousIntrospection,
      telemetry: telemetry.plugins,
      exampleDocument:
        (operations.find(({ name }) => name === EXAMPLE_OPERATION) ?? operations[0])?.document ?? '{ __typename }',
    }),
    formatError: (formatted, error) => formatClientError(formatted, error, onUnexpected),
    logger,
  })
  await apollo.start()

  app.route({
    url: '/graphql',
    method: ['GET', 'POST', 'OPTIONS'],
    handler: fastifyApolloHandler(apollo as never, {
      context: async (request: FastifyRequest, reply: FastifyReply): Promise<RequestContext> => {
        const signal = closedEarly(reply)
        const record = httpOperations.recordOf(request)
        const identity = await options.authenticator
          .authenticate(request.headers.authorization, signal)
          .catch((error: unknown) => {
            record?.fail(error)
            return refuse(error)
          })
        return { identity, signal, requestId: request.id, record, trace: record?.trace ?? null }
      },
    }) as never,
  })
  servePages(app, { operations })
  app.get('/health', () => ({ status: 'live' }))
  app.get('/ready', async (_request, reply) => {
    const unavailable = await subgraphsNotReady(supergraph, options.urlOf)
    return unavailable.length === 0
      ? { status: 'ready' }
      : reply.status(503).send({ status: 'unavailable', subgraphs: unavailable })
  })
  app.get('/metrics', async (_request, reply) =>
    reply.type(telemetry.metrics.registry.contentType).send(await telemetry.metrics.registry.metrics()),
  )
  if (options.uploadOrigin) {
    await app.register(proxy, {
      upstream: options.uploadOrigin,
      prefix: '/uploads',
      rewritePrefix: '/uploads',
      httpMethods: ['PUT'],
      replyOptions: {
        onError: (reply, { error }) => {
          logger.warn({ err: error }, 'an upload could not be passed on')
          const { code, message, isRetryable } = new TributaryError(
            'UPSTREAM_UNAVAILABLE',
            'The ingestion service cannot be reached. Send all bytes again in a moment.',
          )
          void reply.status(ERROR_CATALOGUE[code].httpStatus).send({ error: { code, message, isRetryable } })
        },
        // An identity from outside is never passed on.
        rewriteRequestHeaders: (_request, headers) => ({ ...headers, [IDENTITY_HEADER]: undefined }),
      },
    })
  }

  const webSockets = serveWebSockets({
    server: app.server,
    supergraph,
    prepare: createPrepareOperation(supergraph),
    authenticator: options.authenticator,
    client,
    subscribeUpstream: observeUpstream(createSubscribeUpstream({ urlOf: options.urlOf, signer })),
    beginRecord: telemetry.begin,
    allowsAnonymousIntrospection,
    anonymousIdleMs: options.anonymousIdleMs,
    async executeRequest(request, context) {
      const { body } = await apollo.executeOperation(
        {
          query: request.query,
          ...(request.operationName ? { operationName: request.operationName } : {}),
          variables: request.variables,
        },
        { contextValue: context },
      )
      if (body.kind !== 'single')
        throw new TributaryError('INTERNAL_SERVER_ERROR', 'Incremental delivery is not offered over WebSocket.')
      return body.singleResult as ExecutionResult
    },
    formatError: (error, requestId) => formatClientError(error.toJSON(), error, onUnexpected, requestId),
  })

  const origin = await listen(app, options.host, options.port)
  return {
    origin,
    url: `${origin}/graphql`,
    async close() {
      await webSockets.close()
      await apollo.stop()
      await app.close()
      await client.close()
      await telemetry.close()
    },
  }
}

/** What subgraphs made of an error is kept (they have masked it already); only their names stay inside. */
function formatClientError(
  formatted: GraphQLFormattedError,
  error: unknown,
  onUnexpected: (error: unknown, requestId: string) => void,
  requestId: string = randomUUID(),
): GraphQLFormattedError {
  const extensions = error instanceof GraphQLError ? error.extensions : (formatted.extensions ?? {})
  const isFromSubgraph =
    'serviceName' in extensions ||
    (error instanceof GraphQLError && !error.originalError && 'isRetryable' in extensions)
  if (!isFromSubgraph || typeof extensions['code'] !== 'string')
    return formatGraphError(formatted, error, { requestId, onUnexpected })
  const kept = Object.entries(extensions).filter(([name]) =>
    ['code', 'isRetryable', 'argumentPath', 'requestId'].includes(name),
  )
  return {
    message: formatted.message,
    ...(formatted.locations ? { locations: formatted.locations } : {}),
    ...(formatted.path ? { path: formatted.path } : {}),
    extensions: Object.fromEntries(kept),
  }
}

function refuse(error: unknown): never {
  if (error instanceof TributaryError) {
    throw new GraphQLError(error.message, {
      originalError: error,
      extensions: { code: error.code, http: { status: error.code === 'UNAUTHENTICATED' ? 401 : 503 } },
    })
  }
  throw error
}

async function subgraphsNotReady(supergraph: LoadedSupergraph, urlOf: (name: string) => string): Promise<string[]> {
  const answers = await Promise.all(
    [...supergraph.routingUrls.keys()].map(async (name) => {
      const url = new URL('/ready', urlOf(name))
      const isReady = await fetch(url, { signal: AbortSignal.timeout(READY_TIMEOUT_MS) }).then(
        (response) => response.ok,
        () => false,
      )
      return isReady ? [] : [name]
    }),
  )
  return answers.flat()
}

function requestIdOf(request: { headers: Record<string, string | string[] | undefined> }): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && /^[\w.-]{1,100}$/.test(given) ? given : randomUUID()
}
