// A gateway over two small real subgraphs, and clients of it: what the tests of the gateway share.
import compositionLibrary from '@apollo/composition'
import { createClient, type Client } from 'graphql-ws'
import { parse } from 'graphql'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import os from 'node:os'
import path from 'node:path'
import type { Logger } from 'pino'
import { expect } from 'vitest'
import { WebSocket } from 'ws'
import { TributaryError } from '#shared/errors.ts'
import { shield } from '#shared/graphql/shield.ts'
import { startSubgraphServer } from '#shared/graphql/subgraph-server.ts'
import { createLogger } from '#shared/logger.ts'
import type { GraphContext } from '../contracts/graph-context.ts'
import { createIdentitySigner, IDENTITY_HEADER, type Identity, type Role } from '../contracts/identity.ts'
import { canEdit, canRead, denyAll, federationRules } from '../contracts/permission-rules.ts'
import { createAuthenticator } from './auth/authenticate.ts'
import { readExampleOperations } from './pages/example-operations.ts'
import type { EndpointPolicy } from './endpoint-policy.ts'
import type { OnCost } from './plugins/operations.ts'
import { startGatewayServer } from './server.ts'
import type { SubscriptionSettings } from './subscriptions/settings.ts'
import { createFileSource } from './supergraph/file-source.ts'
import type { TelemetrySettings } from './telemetry/settings.ts'

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])'
const TOKENS = `${LINK}
  type Query { ping: String! slow: String }
  type Mutation { rename(text: String!): String }
  type Subscription { tokens(count: Int!): Event! paced: Event! secretTokens: Event! refused(id: ID!): Event! }
  interface Event { sequence: Int! }
  type Token implements Event { sequence: Int! text: String! engine: Engine }
  type Ended implements Event { sequence: Int! }
  type Engine @key(fields: "id", resolvable: false) { id: ID! }`
const ENGINES = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@cost", "@listSize"])
  type Query { engines(first: Int = 5): [Engine!]! @listSize(slicingArguments: ["first"]) }
  type Engine @key(fields: "id") { id: ID! name: String! secret: String }`

/** Nobody can be asked whose it is. */
export const UNANSWERED_KEY = 'unanswered'

/** A stream of `count` tokens; with a count of 0 or less none comes, and it stays open until it is ended. */
export const STREAM =
  'subscription ($count: Int!) { tokens(count: $count) { kind: __typename sequence ... on Token { words: text engine { name } } } }'

export interface TwoSubgraphsOptions {
  host?: string
  anonymousIdleMs?: number
  corsOrigins?: readonly string[]
  policy?: EndpointPolicy
  onCost?: OnCost
  telemetry?: TelemetrySettings
  subscriptions?: SubscriptionSettings
  logger?: Logger
}

export async function startTwoSubgraphs(options: TwoSubgraphsOptions = {}) {
  const signer = createIdentitySigner({ key: 'k'.repeat(32) })
  const logger = options.logger ?? createLogger({ name: 'test', level: 'silent' })
  const keys = new Map<string, Role[]>([
    ['viewer', ['VIEWER']],
    ['editor', ['EDITOR']],
    ['admin', ['ADMIN']],
  ])
  const started: string[] = []
  const ends = new EventTarget()
  let paces = 0
  const seenHeaders: string[] = []
  const seenTraceparents: string[] = []
  const verifyProcess = signer.verifyInternal
  const common = { host: '127.0.0.1', port: 0, logger, identityHeader: IDENTITY_HEADER, verifyProcess }
  const createContext = async ({
    identityToken,
    signal,
    requestId,
  }: {
    identityToken: string | undefined
    signal: AbortSignal
    requestId: string
  }): Promise<GraphContext> => ({
    identity: await signer.verify(identityToken),
    signal,
    requestId,
  })
  const tokens = await startSubgraphServer<GraphContext>({
    ...common,
    name: 'tokens',
    typeDefinitions: TOKENS,
    createContext,
    permissions: shield(
      {
        Query: { ...federationRules, ping: canRead, slow: canRead },
        Mutation: { rename: canRead },
        Subscription: { tokens: canRead, paced: canRead, secretTokens: canEdit, refused: canRead },
        Token: canRead,
        Ended: canRead,
        Engine: canRead,
        _Service: canRead,
      },
      { fallbackRule: denyAll, allowExternalErrors: true },
    ),
    resolvers: {
      Query: {
        ping: (_p: unknown, _a: unknown, context: GraphContext) => context.requestId,
        async slow(_p: unknown, _a: unknown, { signal }: GraphContext) {
          started.push('slow')
          await once(signal, 'abort')
          ends.dispatchEvent(new CustomEvent('end', { detail: 'slow' }))
          return 'aborted'
        },
      },
      Mutation: {
        rename(_p: unknown, { text }: { text: string }) {
          started.push('rename')
          return text
        },
      },
      Subscription: {
        tokens: {
          async *subscribe(_p: unknown, { count }: { count: number }, { signal }: GraphContext) {
            started.push('tokens')
            try {
              if (count > 100) throw new TributaryError('BAD_USER_INPUT', 'count is at most 100.', { path: ['count'] })
              for (let sequence = 1; sequence <= count; sequence++) {
                yield {
                  tokens: {
                    __typename: 'Token',
                    sequence,
                    text: `t${sequence}`,
                    engine: { __typename: 'Engine', id: sequence === 3 ? 'broken' : 'e1' },
                  },
                }
              }
              if (count <= 0) await once(signal, 'abort')
              yield { tokens: { __typename: 'Ended', sequence: count + 1 } }
            } finally {
              ends.dispatchEvent(new CustomEvent('end', { detail: count }))
            }
          },
        },
        paced: {
          async *subscribe(_p: unknown, _a: unknown, { signal }: GraphContext) {
            for (let sequence = 1; ; sequence++) {
              if (paces < sequence) await once(ends, 'pace', { signal })
              yield {
                paced: {
                  __typename: 'Token',
                  sequence,
                  text: `t${sequence}`,
                  engine: { __typename: 'Engine', id: 'e1' },
                },
              }
            }
          },
        },
        refused: {
          subscribe() {
            throw new TributaryError('NOT_FOUND', 'There is no such thing.', { path: ['id'] })
          },
        },
        secretTokens: {
          async *subscribe() {
            started.push('secretTokens')
            yield { secretTokens: { __typename: 'Ended', sequence: 1 } }
          },
        },
      },
    },
  })
  const engines = await startSubgraphServer<GraphContext>({
    ...common,
    name: 'engines',
    typeDefinitions: ENGINES,
    createContext,
    permissions: shield(
      {
        Query: { ...federationRules, engines: canRead },
        Engine: { id: canRead, name: canRead, secret: canEdit },
        _Service: canRead,
      },
      { fallbackRule: denyAll, allowExternalErrors: true },
    ),
    resolvers: {
      Query: { engines: () => [{ id: 'e1', name: 'Engine one', secret: 's' }] },
      Engine: {
        async __resolveReference({ id }: { id: string }) {
          if (id === 'broken') throw new TributaryError('UPSTREAM_UNAVAILABLE', 'The engine room is closed.')
          return { id, name: 'Engine one', secret: 's' }
        },
      },
    },
    addRoutes(app) {
      app.addHook('onRequest', async (request) => {
        seenHeaders.push(String(request.headers[IDENTITY_HEADER] ?? ''))
        seenTraceparents.push(String(request.headers['traceparent'] ?? ''))
      })
    },
  })

  const composed = compositionLibrary.composeServices([
    { name: 'tokens', url: tokens.url, typeDefs: parse(TOKENS) },
    { name: 'engines', url: engines.url, typeDefs: parse(ENGINES) },
  ])
  if (!composed.supergraphSdl) throw new Error(String(composed.errors))
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-gateway-'))
  const file = path.join(directory, 'supergraph.graphql')
  await writeFile(file, composed.supergraphSdl)
  const gateway = await startGatewayServer({
    host: options.host ?? '127.0.0.1',
    port: 0,
    corsOrigins: options.corsOrigins ?? [],
    ...(options.policy ? { policy: options.policy } : {}),
    ...(options.onCost ? { onCost: options.onCost } : {}),
    ...(options.telemetry ? { telemetry: options.telemetry } : {}),
    ...(options.subscriptions ? { subscriptions: options.subscriptions } : {}),
    ...(options.anonymousIdleMs ? { anonymousIdleMs: options.anonymousIdleMs } : {}),
    supergraphSource: createFileSource({ file, logger, pollMs: 50 }),
    subgraphUrl: () => undefined,
    asksSubgraphsIfReady: true,
    exampleOperations: await readExampleOperations(new URL('../schema/operations/', import.meta.url)),
    uploadOrigin: null,
    authentication: {
      signer,
      authenticator: createAuthenticator({
        accounts: {
          async authenticate(secret): Promise<Identity | null> {
            if (secret === UNANSWERED_KEY)
              throw new TributaryError('UPSTREAM_UNAVAILABLE', 'Accounts cannot be reached.')
            const roles = keys.get(secret)
            return roles ? { workspaceId: 'ws_1', subject: secret, roles, scopes: [] } : null
          },
        },
      }),
    },
    logger,
  })
  const url = gateway.url.replace('0.0.0.0', '127.0.0.1')

  return {
    gateway,
    url,
    /** Composed of the two; the gateway watches it. */
    supergraphFile: file,
    signer,
    /** Roles by API key. */
    keys,
    /** Names of the streams and slow queries that subgraphs began. */
    started,
    /** The identity headers that the second subgraph got. */
    seenHeaders,
    /** The same of `traceparent`. */
    seenTraceparents,

    /** Resolves when so many have started since `started` was emptied. */
    untilStarted: (count: number) => expect.poll(() => started.length, { interval: 5, timeout: 10_000 }).toBe(count),

    /** Lets `paced` send one more event. */
    pace() {
      paces += 1
      ends.dispatchEvent(new Event('pace'))
    },

    /** What ends next in a subgraph: the `count` of a stream of tokens, or 'slow'. */
    async nextEnd(): Promise<unknown> {
      const [event] = await once(ends, 'end')
      return event.detail
    },

    /** A WebSocket client whose connection carries this API key, or none. */
    connect(secret: string | null): Client {
      return createClient({
        url: url.replace('http', 'ws'),
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: secret === null ? {} : { Authorization: `Bearer ${secret}` },
      })
    },

    async post(query: string, headers: Record<string, string> = {}, signal?: AbortSignal) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query }),
        ...(signal ? { signal } : {}),
      })
      return { status: response.status, body: await response.json() }
    },

    async close() {
      await gateway.close()
      await tokens.close()
      await engines.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** All results of an operation; the client is closed afterwards. */
export async function collect(client: Client, query: string, variables: Record<string, unknown> = {}) {
  const results: any[] = []
  for await (const result of client.iterate({ query, variables })) results.push(result)
  await client.dispose()
  return results
}
