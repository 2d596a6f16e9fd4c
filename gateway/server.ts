// One endpoint: /graphql over HTTP and WebSocket, the upload address, health, metrics and the pages for people.
import { ApolloServer } from '@apollo/server'
import cors from '@fastify/cors'
import proxy from '@fastify/http-proxy'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from 'fastify'
import { GraphQLError, type ExecutionResult } from 'graphql'
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { ERROR_CATALOGUE, TributaryError } from '#shared/errors.ts'
import { closedEarly, listen } from '#shared/graphql/subgraph-server.ts'
import { IDENTITY_HEADER, type IdentitySigner } from '../contracts/identity.ts'
import { anyone, type Authenticator } from './auth/authenticate.ts'
import { isLoopback } from './auth/authorize-operation.ts'
import { createCredentialWatch } from './auth/credential-watch.ts'
import { DEFAULT_ENDPOINT_POLICY, type EndpointPolicy } from './endpoint-policy.ts'
import { createSharedOperations } from './execution/shared-operations.ts'
import { createWriteAnswer } from './execution/write-answer.ts'
import { formatClientError } from './format-client-error.ts'
import { createGeneration, type Generation } from './generation.ts'
import { trackRequests } from './in-flight-requests.ts'
import { serveCompressed } from './http/compression.ts'
import { serveGraphql } from './http/serve-graphql.ts'
import { createDocumentStore } from './operations/document-store.ts'
import { createOperationGate } from './operations/operation-limits.ts'
import { createPersistedQueries } from './operations/persisted-queries.ts'
import { openTrustedDocuments } from './operations/trusted-documents.ts'
import { createPlanningThreads, type PlanningThreads } from './planning/planning-threads.ts'
import { DEFAULT_PLANNING, type PlanningSettings } from './planning/settings.ts'
import type { ExampleOperation } from './pages/example-operations.ts'
import { servePages } from './pages/serve-pages.ts'
import { createPlugins } from './plugins/index.ts'
import type { OnCost } from './plugins/operations.ts'
import { createRequestContext, type RequestContext } from './request-context.ts'
import { createClientHeaders } from './subgraphs/client-headers.ts'
import { createSubgraphClient } from './subgraphs/subgraph-client.ts'
import { createErrorMask } from './subgraphs/mask-errors.ts'
import { defaultSubgraphSettings, type SubgraphSettings } from './subgraphs/settings.ts'
import { DEFAULT_SUBSCRIPTIONS, type SubscriptionSettings } from './subscriptions/settings.ts'
import { createClientOperations } from './subscriptions/client-operations.ts'
import { createHttpStreams } from './subscriptions/http-streams.ts'
import { createUpstreamSockets } from './subscriptions/upstream-sockets.ts'
import { createSubscribeUpstream } from './subscriptions/upstream.ts'
import { serveWebSockets } from './subscriptions/websocket.ts'
import { createApolloGateway } from './supergraph/apollo-gateway.ts'
import type { SupergraphSource } from './supergraph/supergraph-source.ts'
import { openSupergraphs } from './supergraph/supergraphs.ts'
import { recordHttpOperations } from './telemetry/http-operations.ts'
import { openTelemetry } from './telemetry/index.ts'
import { observeUpstream } from './telemetry/observed-upstream.ts'
import { QUIET_TELEMETRY, type TelemetrySettings } from './telemetry/settings.ts'

export interface GatewayServerOptions {
  host: string
  /** 0 picks a free one. */
  port: number
  corsOrigins: readonly string[]
  supergraphSource: SupergraphSource
  /** The GraphQL URL of a subgraph by its name, in place of the one in the supergraph; undefined: the latter counts. */
  subgraphUrl: (subgraph: string) => string | undefined
  /** Whether subgraphs tell at `/ready` if they are, as those of the platform do. */
  asksSubgraphsIfReady: boolean
  /** For the pages; the first of them, or the one named `Viewer`, opens in Sandbox. */
  exampleOperations: readonly ExampleOperation[]
  /** Where uploads are sent on to; null without an ingestion subgraph. */
  uploadOrigin: string | null
  /** Null: nobody is asked who they are, and everybody may ask everything. */
  authentication: { authenticator: Authenticator; signer: IdentitySigner } | null
  /** How subgraphs are dealt with: what differs from the defaults that docs/configuration.md names. */
  subgraphSettings?: Partial<SubgraphSettings>
  /** Default: as docs/configuration.md says. */
  planning?: PlanningSettings
  /** Those that have begun already; they are closed with the gateway. Default: new ones. */
  planningThreads?: PlanningThreads | undefined
  /** Longest time for a query or mutation, in milliseconds. Default 120,000. */
  requestTimeoutMs?: number
  /** Whether equal queries of equal clients that are under way at the same time are executed once. Default false. */
  isSharingOperations?: boolean
  /** Default: as docs/configuration.md says. */
  subscriptions?: SubscriptionSettings
  /** How long a socket without a credential may have no operation open, in milliseconds. Default 10,000. */
  anonymousIdleMs?: number
  /** How long requests may go on after `close`, in milliseconds. Default 30,000. */
  drainMs?: number
  /** What may be sent to it. Default: DEFAULT_ENDPOINT_POLICY. */
  policy?: EndpointPolicy
  /** Told what each operation was estimated to cost and did. Default: nobody. */
  onCost?: OnCost
  /** Default: figures, and lines in the log; nothing leaves the process. */
  telemetry?: TelemetrySettings
  logger: Logger
}

export interface RunningGateway {
  /** `http://host:port` */
  origin: string
  /** `http://host:port/graphql` */
  url: string
  /** It is not ready any more; requests that have begun finish, within `drainMs`; then everything ends. */
  close(): Promise<void>
}

const EXAMPLE_OPERATION = 'Viewer'
const READY_TIMEOUT_MS = 5000
const DRAIN_MS = 30_000
const REQUEST_TIMEOUT_MS = 120_000

export async function startGatewayServer(options: GatewayServerOptions): Promise<RunningGateway> {
  const { logger, authentication, exampleOperations: operations } = options
  const policy = options.policy ?? DEFAULT_ENDPOINT_POLICY
  const allowsAnonymousIntrospection = isLoopback(options.host) && policy.operations.introspectionRoles === 'any'
  const gate = createOperationGate(policy.operations)
  const persistedQueries = createPersistedQueries()
  const trusted = await openTrustedDocuments(policy.trustedDocuments, logger)
  const telemetry = await openTelemetry(options.telemetry ?? QUIET_TELEMETRY, logger)
  const costs = telemetry.observeCosts(options.onCost)
  const authenticator = authentication?.authenticator ?? anyone
  const signer = authentication?.signer ?? null
  const urlOf = (subgraph: string): string => {
    const url = options.subgraphUrl(subgraph) ?? supergraphs.routingUrlOf(subgraph)
    if (!url)
      throw new TributaryError(
        'CONFIGURATION_INVALID',
        `The supergraph states no URL for the subgraph "${subgraph}". Give one with --subgraph-url ${subgraph}=URL.`,
      )
    return url
  }
  const requestTimeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS
  const subgraphSettings = { ...defaultSubgraphSettings(), ...options.subgraphSettings }
  const maskErrors = createErrorMask({
    shownCodes: subgraphSettings.shownErrorCodes,
    onMasked: (error, about) => logger.warn({ ...about, error }, 'an error of a subgraph was masked'),
  })
  const client = telemetry.observeClient(
    createSubgraphClient({ urlOf, signer, settings: subgraphSettings, maskErrors }),
  )
  const sharedOperations = options.isSharingOperations ? createSharedOperations(subgraphSettings.headerRules) : null
  const contexts = new WeakMap<FastifyRequest, RequestContext>()
  const planning = options.planning ?? DEFAULT_PLANNING
  // Before there is a supergraph: the first thread starts meanwhile.
  const threads = options.planningThreads ?? createPlanningThreads({ timeoutMs: planning.timeoutMs })
  const supergraphs = await openSupergraphs<Generation>({
    source: options.supergraphSource,
    prepare: (supergraph, previous) =>
      createGeneration({
        supergraph,
        previous,
        threads,
        movedLabels: planning.movedLabels,
        gate,
        client,
        shared: sharedOperations,
      }),
    logger,
  }).catch(async (error: unknown) => {
    await threads.close()
    throw error
  })
  const onUnexpected = (error: unknown, requestId: string) =>
    logger.error({ err: error, requestId }, 'unexpected error')

  const app: FastifyInstance = Fastify({
    loggerInstance: logger.child({}, { level: 'warn' }) as FastifyBaseLogger,
    genReqId: requestIdOf,
    forceCloseConnections: true,
  })
  const requests = trackRequests(app, logger)
  const httpOperations = recordHttpOperations(app, telemetry.begin)
  await app.register(cors, { origin: [...options.corsOrigins], methods: ['GET', 'POST', 'PUT'], maxAge: 600 })
  await serveCompressed(app, { thresholdBytes: policy.http.compressionThresholdBytes })

  const apollo = new ApolloServer<RequestContext>({
    gateway: createApolloGateway(supergraphs),
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: policy.http.batchLimit > 0,
    persistedQueries: { cache: persistedQueries.cache },
    parseOptions: gate.parseOptions,
    documentStore: createDocumentStore(),
    validationRules: [gate.rule],
    includeStacktraceInErrorResponses: false,
    stringifyResult: createWriteAnswer({ keepsTexts: sharedOperations !== null }),
    stopOnTerminationSignals: false,
    apollo: telemetry.apollo,
    plugins: createPlugins({
      authorizes: authentication !== null,
      allowsAnonymousIntrospection,
      telemetry: telemetry.plugins,
      exampleDocument:
        (operations.find(({ name }) => name === EXAMPLE_OPERATION) ?? operations[0])?.document ?? '{ __typename }',
      operations: { gate, trusted, costs },
    }),
    formatError: (formatted, error) =>
      formatClientError(formatted, gate.tokenError(originalOf(error)) ?? error, onUnexpected),
    logger,
  })
  await apollo.start()

  app.addHook('onSend', async (request, reply) => {
    for (const [name, value] of contexts.get(request)?.clientHeaders?.entries() ?? []) reply.header(name, value)
  })
  const subscriptions = options.subscriptions ?? DEFAULT_SUBSCRIPTIONS
  const upstreamSockets = createUpstreamSockets()
  const credentials = createCredentialWatch(authenticator)
  const anonymousMayAsk = !authentication ? 'everything' : allowsAnonymousIntrospection ? 'introspection' : 'nothing'
  const streamedOperations = createClientOperations({
    generation: supergraphs.current,
    authenticator,
    gate,
    trusted,
    persistedQueries,
    onCost: costs.onCost,
    client,
    subscriptions,
    subscribeUpstream: observeUpstream(
      createSubscribeUpstream({
        sockets: upstreamSockets,
        waitingBytesMax: subscriptions.waitingBytesMax,
        urlOf,
        signer,
        maskErrors,
        headerRules: subgraphSettings.headerRules,
      }),
    ),
    anonymousMayAsk,
    requestTimeoutMs,
    async executeRequest(request, context) {
      const { body } = await apollo.executeOperation(
        {
          query: request.query,
          ...(request.operationName ? { operationName: request.operationName } : {}),
          variables: request.variables,
          ...(request.asksForCost ? { extensions: { cost: true } } : {}),
        },
        { contextValue: context },
      )
      if (body.kind !== 'single')
        throw new TributaryError('INTERNAL_SERVER_ERROR', 'Incremental delivery is not offered for streamed results.')
      return body.singleResult as ExecutionResult
    },
    formatError: (error, requestId) => formatClientError(error.toJSON(), error, onUnexpected, requestId),
  })
  const streams = createHttpStreams({
    operations: streamedOperations,
    credentials,
    recordsOf: httpOperations.recordsOf,
    allowedOrigins: options.corsOrigins,
    heartbeatMs: subscriptions.heartbeatMs,
  })
  serveGraphql(app, {
    apollo,
    streams,
    policy: policy.http,
    onUnexpected,
    onRefused: httpOperations.fail,
    async createContext(request, reply) {
      const signal = closedEarly(reply)
      const identity = await authenticator.authenticate(request.headers.authorization, signal).catch(refuse)
      const { id: requestId, headers } = request
      const context = createRequestContext({
        identity,
        signal,
        requestId,
        headers,
        timeoutMs: requestTimeoutMs,
        clientHeaders: createClientHeaders(),
        records: httpOperations.recordsOf(request),
      })
      contexts.set(request, context)
      return context
    },
  })
  servePages(app, { operations })
  app.get('/health', () => ({ status: 'live', supergraph: { id: supergraphs.current().supergraph.id } }))
  app.get('/ready', async (_request, reply) => {
    if (requests.isDraining) return reply.status(503).send({ status: 'stopping' })
    const { routingUrls } = supergraphs.current().supergraph
    const unavailable = options.asksSubgraphsIfReady ? await subgraphsNotReady([...routingUrls.keys()], urlOf) : []
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
    operations: streamedOperations,
    authenticator,
    credentials,
    beginRecord: telemetry.begin,
    anonymousMayAsk,
    anonymousIdleMs: options.anonymousIdleMs,
  })

  const origin = await listen(app, options.host, options.port)
  return {
    origin,
    url: `${origin}/graphql`,
    async close() {
      streams.close()
      await requests.drain(options.drainMs ?? DRAIN_MS)
      credentials.close()
      trusted.close()
      await webSockets.close()
      await upstreamSockets.close()
      await apollo.stop()
      await app.close()
      await client.close()
      // Before those that would wait for plans.
      await threads.close()
      await supergraphs.close()
      await telemetry.close()
    },
  }
}

const originalOf = (error: unknown): unknown => (error instanceof GraphQLError ? (error.originalError ?? error) : error)

function refuse(error: unknown): never {
  if (error instanceof TributaryError) {
    throw new GraphQLError(error.message, {
      originalError: error,
      extensions: { code: error.code, http: { status: error.code === 'UNAUTHENTICATED' ? 401 : 503 } },
    })
  }
  throw error
}

async function subgraphsNotReady(names: readonly string[], urlOf: (name: string) => string): Promise<string[]> {
  const answers = await Promise.all(
    names.map(async (name) => {
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
