// The composition root of the gateway: of the platform's own graph, and, as a process, of any other.
import type { Logger } from 'pino'
import type { z } from 'zod'
import { readConfiguration } from '#shared/configuration.ts'
import { TributaryError } from '#shared/errors.ts'
import { createLogger } from '#shared/logger.ts'
import { createAccountsClient } from '../contracts/accounts-client.ts'
import { createIdentitySigner, type IdentitySigner } from '../contracts/identity.ts'
import { SUBGRAPH_NAMES, type SubgraphName } from '../contracts/node-types.ts'
import { subgraphUrlVariable } from '../contracts/platform.ts'
import { terminationSignal } from '../contracts/run-process.ts'
import { createAuthenticator } from './auth/authenticate.ts'
import { isLoopback } from './auth/authorize-operation.ts'
import { PLATFORM_SUPERGRAPH } from './begin-planning.ts'
import { readFlags, type GatewayFlags } from './command.ts'
import { configSchema, endpointPolicyOf, engineSchema, openConfigSchema, type EndpointPolicy } from './config.ts'
import { DEFAULT_LIMITS } from './operations/operation-policy.ts'
import { readExampleOperations } from './pages/example-operations.ts'
import { startGatewayServer, type RunningGateway } from './server.ts'
import type { PlanningThreads } from './planning/planning-threads.ts'
import { planningSettings } from './planning/settings.ts'
import { subgraphSettings } from './subgraphs/settings.ts'
import { subgraphUrlsOf } from './subgraphs/subgraph-urls.ts'
import { PLATFORM_MEMO_MS, subscriptionSettings } from './subscriptions/settings.ts'
import { createFileSource } from './supergraph/file-source.ts'
import type { SupergraphSource } from './supergraph/supergraph-source.ts'
import { createUplinkSource } from './supergraph/uplink-source.ts'
import { telemetrySettings, type TelemetrySettings } from './telemetry/settings.ts'

export interface StartGatewayOptions {
  host: string
  /** 0 picks a free one. */
  port: number
  corsOrigins: readonly string[]
  subgraphUrls: Readonly<Record<SubgraphName, string>>
  signer: IdentitySigner
  /** How operations are planned, and subgraphs dealt with. Default: as docs/configuration.md says. */
  traffic?: Traffic
  /** Of `beginPlanning`, where something else had to be started first. Default: begun now. */
  planningThreads?: PlanningThreads | undefined
  /** Default: DEFAULT_ENDPOINT_POLICY. */
  policy?: EndpointPolicy
  /** Default: nothing leaves the process. */
  telemetry?: TelemetrySettings
  logger: Logger
}

type Traffic = z.output<typeof engineSchema>

/** `memoMs`: how long entities are remembered, of types that the configuration does not name. */
const settingsOf = (traffic: Traffic, memoMs?: ReadonlyMap<string, number>) => ({
  subgraphSettings: subgraphSettings(traffic),
  planning: planningSettings(traffic),
  subscriptions: subscriptionSettings(traffic, memoMs),
  requestTimeoutMs: traffic.TRIBUTARY_GATEWAY_REQUEST_TIMEOUT_MS,
  isSharingOperations: traffic.TRIBUTARY_GATEWAY_SHARE_OPERATIONS === 'true',
})

/** The gateway of the platform. */
export async function startGateway(options: StartGatewayOptions): Promise<RunningGateway> {
  const { subgraphUrls, signer, logger } = options
  return startGatewayServer({
    ...settingsOf(options.traffic ?? engineSchema.parse({}), PLATFORM_MEMO_MS),
    host: options.host,
    port: options.port,
    corsOrigins: options.corsOrigins,
    planningThreads: options.planningThreads,
    supergraphSource: createFileSource({ file: PLATFORM_SUPERGRAPH, logger }),
    subgraphUrl: (name) => subgraphUrls[name as SubgraphName],
    asksSubgraphsIfReady: true,
    exampleOperations: await readExampleOperations(new URL('../schema/operations/', import.meta.url)),
    uploadOrigin: new URL(subgraphUrls.ingestion).origin,
    authentication: authenticationBy({ accountsUrl: subgraphUrls.accounts, signer }),
    ...(options.policy ? { policy: options.policy } : {}),
    ...(options.telemetry ? { telemetry: options.telemetry } : {}),
    logger,
  })
}

const authenticationBy = ({ accountsUrl, signer }: { accountsUrl: string; signer: IdentitySigner }) => ({
  signer,
  authenticator: createAuthenticator({
    accounts: createAccountsClient({ origin: () => new URL(accountsUrl).origin, signer, processName: 'gateway' }),
  }),
})

async function runGateway(): Promise<void> {
  const flags = readFlags(process.argv.slice(2))
  try {
    const gateway = await startByFlags(flags)
    process.stdout.write(`${JSON.stringify({ event: 'ready', role: 'gateway', kind: 'api', url: gateway.url })}\n`)
    await terminationSignal()
    await gateway.close()
  } catch (error) {
    process.stderr.write(
      `gateway: ${error instanceof TributaryError ? error.message : String(error instanceof Error ? (error.stack ?? error) : error)}\n`,
    )
    process.exitCode = 1
  }
  process.exit()
}

async function startByFlags(flags: GatewayFlags): Promise<RunningGateway> {
  const warnings: string[] = []
  const onWarning = (text: string): void => void warnings.push(text)
  const open = readConfiguration(openConfigSchema, process.env, { onWarning })
  const logger = createLogger({ name: 'gateway', level: open.TRIBUTARY_LOG_LEVEL })
  const host = flags.host ?? open.TRIBUTARY_HOST
  if (!flags.authenticates && !isLoopback(host))
    throw new TributaryError(
      'CONFIGURATION_INVALID',
      `--no-authentication would open the graph to everybody who reaches ${host}. Listen on 127.0.0.1, or leave the flag out.`,
    )
  const supergraph = flags.supergraph ?? open.TRIBUTARY_SUPERGRAPH
  const endpoint = {
    host,
    port: flags.port ?? open.TRIBUTARY_PORT,
    corsOrigins: open.TRIBUTARY_CORS_ORIGINS,
    telemetry: telemetrySettings(open, { isManaged: supergraph === 'uplink' }),
    logger,
  }
  // Without authentication there is no secret to demand.
  const closed = flags.authenticates ? readConfiguration(configSchema, process.env) : null
  for (const text of warnings) logger.warn(text)
  if (supergraph === undefined && closed)
    return startGateway({
      ...endpoint,
      traffic: open,
      policy: endpointPolicyOf(open),
      subgraphUrls: Object.fromEntries(
        SUBGRAPH_NAMES.map((name) => [name, flags.subgraphUrls.get(name) ?? closed[subgraphUrlVariable(name)]]),
      ) as Record<SubgraphName, string>,
      signer: createIdentitySigner({ key: closed.TRIBUTARY_IDENTITY_KEY }),
    })
  return startGatewayServer({
    ...endpoint,
    ...settingsOf(open),
    policy: withoutCostLimit(endpointPolicyOf(open)),
    supergraphSource: sourceOf(supergraph, open, logger),
    subgraphUrl: subgraphUrlsOf(flags.subgraphUrls, process.env),
    asksSubgraphsIfReady: false,
    exampleOperations: [],
    uploadOrigin: null,
    authentication: closed
      ? authenticationBy({
          accountsUrl: closed.TRIBUTARY_SUBGRAPH_ACCOUNTS_URL,
          signer: createIdentitySigner({ key: closed.TRIBUTARY_IDENTITY_KEY }),
        })
      : null,
  })
}

/** Of a graph that nobody has given costs to, an estimate says little: the figure that is meant for the platform's is no limit. */
function withoutCostLimit(policy: EndpointPolicy): EndpointPolicy {
  if (policy.operations.limits.cost !== DEFAULT_LIMITS.cost) return policy
  const { operations } = policy
  return { ...policy, operations: { ...operations, limits: { ...operations.limits, cost: Infinity } } }
}

function sourceOf(
  supergraph: string | undefined,
  { APOLLO_KEY, APOLLO_GRAPH_REF, APOLLO_UPLINK_ENDPOINTS }: ReturnType<typeof openConfigSchema.parse>,
  logger: Logger,
): SupergraphSource {
  if (supergraph !== 'uplink') return createFileSource({ file: supergraph ?? PLATFORM_SUPERGRAPH, logger })
  if (!APOLLO_KEY || !APOLLO_GRAPH_REF)
    throw new TributaryError(
      'CONFIGURATION_INVALID',
      'A supergraph from Apollo Uplink needs APOLLO_KEY and APOLLO_GRAPH_REF.',
    )
  return createUplinkSource({
    apiKey: APOLLO_KEY,
    graphRef: APOLLO_GRAPH_REF,
    endpoints: APOLLO_UPLINK_ENDPOINTS,
    logger,
  })
}

if (import.meta.main) await runGateway()
