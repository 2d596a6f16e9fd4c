// The composition root of the gateway.
import type { Logger } from 'pino'
import { readConfiguration } from '#shared/configuration.ts'
import { TributaryError } from '#shared/errors.ts'
import { createLogger } from '#shared/logger.ts'
import { createAccountsClient } from '../contracts/accounts-client.ts'
import { createIdentitySigner, type IdentitySigner } from '../contracts/identity.ts'
import { SUBGRAPH_NAMES, type SubgraphName } from '../contracts/node-types.ts'
import { subgraphUrlVariable } from '../contracts/platform.ts'
import { terminationSignal } from '../contracts/run-process.ts'
import { createAuthenticator } from './auth/authenticate.ts'
import { configSchema } from './config.ts'
import { startGatewayServer, type RunningGateway } from './server.ts'
import { loadSupergraph } from './supergraph/load-supergraph.ts'
import { telemetrySettings, type TelemetrySettings } from './telemetry/settings.ts'

export interface StartGatewayOptions {
  host: string
  /** 0 picks a free one. */
  port: number
  corsOrigins: readonly string[]
  subgraphUrls: Readonly<Record<SubgraphName, string>>
  signer: IdentitySigner
  /** Default: nothing leaves the process. */
  telemetry?: TelemetrySettings
  logger: Logger
}

export async function startGateway(options: StartGatewayOptions): Promise<RunningGateway> {
  const { subgraphUrls, signer } = options
  const supergraph = await loadSupergraph(new URL('../schema/supergraph.graphql', import.meta.url))
  const accounts = createAccountsClient({
    origin: () => new URL(subgraphUrls.accounts).origin,
    signer,
    processName: 'gateway',
  })
  return startGatewayServer({
    host: options.host,
    port: options.port,
    corsOrigins: options.corsOrigins,
    supergraph,
    urlOf(name) {
      const url = subgraphUrls[name as SubgraphName] ?? supergraph.routingUrls.get(name)
      if (!url) throw new TributaryError('CONFIGURATION_INVALID', `There is no URL for the subgraph "${name}".`)
      return url
    },
    uploadOrigin: new URL(subgraphUrls.ingestion).origin,
    signer,
    authenticator: createAuthenticator({ accounts }),
    ...(options.telemetry ? { telemetry: options.telemetry } : {}),
    logger: options.logger,
  })
}

async function runGateway(): Promise<void> {
  try {
    const warnings: string[] = []
    const configuration = readConfiguration(configSchema, process.env, { onWarning: (text) => warnings.push(text) })
    const logger = createLogger({ name: 'gateway', level: configuration.TRIBUTARY_LOG_LEVEL })
    for (const text of warnings) logger.warn(text)
    const gateway = await startGateway({
      host: configuration.TRIBUTARY_HOST,
      port: configuration.TRIBUTARY_PORT,
      corsOrigins: configuration.TRIBUTARY_CORS_ORIGINS,
      subgraphUrls: Object.fromEntries(
        SUBGRAPH_NAMES.map((name) => [name, configuration[subgraphUrlVariable(name)]]),
      ) as Record<SubgraphName, string>,
      signer: createIdentitySigner({ key: configuration.TRIBUTARY_IDENTITY_KEY }),
      telemetry: telemetrySettings(configuration),
      logger,
    })
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

if (import.meta.main) await runGateway()
