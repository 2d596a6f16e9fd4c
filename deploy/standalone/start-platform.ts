// The whole platform in this process: one Platform over embedded stores, each subgraph on a loopback port of its own, the gateway before them.
import type { Logger } from 'pino'
import type { TelemetrySettings } from '../../gateway/telemetry/settings.ts'
import { readConfiguration } from '#shared/configuration.ts'
import { openDatabase } from '#shared/database.ts'
import { isCancellation, TributaryError } from '#shared/errors.ts'
import { createJobQueue } from '#shared/job-queue.ts'
import { streamLogsOn } from '#shared/open-stream-log.ts'
import { createIdentitySigner } from '../../contracts/identity.ts'
import { ALL_MESSAGES } from '../../contracts/messages.ts'
import { SUBGRAPH_NAMES, type SubgraphName } from '../../contracts/node-types.ts'
import { blobSchema, openBlobs } from '../../contracts/open-blobs.ts'
import type { Platform } from '../../contracts/platform.ts'
import type { StartGatewayOptions } from '../../gateway/main.ts'
import type { EndpointPolicy } from '../../gateway/config.ts'
import { keepCredentials, type AdminKey } from './credentials.ts'
import { openDataDirectory } from './data-directory.ts'
import { reservePort } from './reserve-port.ts'
import { fetchModels, type ModelsFetch } from './fetch-models.ts'
import {
  loadAccounts,
  loadBeginPlanning,
  loadFetchModels,
  loadGateway,
  SUBGRAPH_ROLES,
  type SubgraphRoles,
} from './roles.ts'

export interface StartPlatformOptions {
  host: string
  /** 0 picks a free one. */
  port: number
  dataDirectory: string
  /** Origin under which clients reach the endpoint. Null: where it listens. */
  publicUrl: string | null
  corsOrigins: readonly string[]
  /** How the gateway deals with subgraphs. */
  traffic?: StartGatewayOptions['traffic']
  /** What may be sent to the endpoint. Default: the gateway's own. */
  policy?: EndpointPolicy
  /** Handed to the subgraphs, which read their own variables from it. */
  environment: NodeJS.ProcessEnv
  /** What the gateway tells outside of the process. Default: nothing. */
  telemetry?: TelemetrySettings
  logger: Logger
  onDataDirectoryLost: (error: Error) => void
}

export interface RunningPlatform {
  /** `http://host:port/graphql`, as a client on this machine reaches it. */
  url: string
  origin: string
  dataDirectory: string
  adminKey: AdminKey
  /** What to do about addresses of uploads that are right on this machine only; null when they are right. */
  uploadsWarning: string | null
  /** The embedded models, which are fetched while everything else runs already. */
  models: ModelsFetch
  /** When each part of the start was done, in milliseconds after its begin. */
  timings: Readonly<Record<string, number>>
  close(): Promise<void>
}

export async function startPlatform(options: StartPlatformOptions): Promise<RunningPlatform> {
  const { logger } = options
  const opened = new AsyncDisposableStack()
  const startedAt = performance.now()
  const timings: Record<string, number> = {}
  const mark = (name: string) => (timings[name] = Math.round(performance.now() - startedAt))
  try {
    const reserved = await reservePort(options.host, options.port)
    let isReserved = true
    opened.defer(async () => {
      if (isReserved) await reserved.release()
    })
    const data = await openDataDirectory({ directory: options.dataDirectory, onLockLost: options.onDataDirectoryLost })
    opened.defer(() => data.close())
    mark('dataDirectory')

    // Code is loaded while the database boots, and the gateway's planning begins.
    const beginPlanning = await loadBeginPlanning()
    const planningThreads = await beginPlanning({ timeoutMs: options.traffic?.TRIBUTARY_GATEWAY_PLANNING_TIMEOUT_MS })
    opened.defer(() => planningThreads.close())
    const loading = loadRoles()
    loading.catch(() => undefined)
    const blobs = await openBlobs({
      configuration: readConfiguration(blobSchema, options.environment),
      dataDirectory: data.path,
      onWarning: (error, message) => logger.warn({ err: error }, message),
    })
    opened.defer(() => blobs.close())
    const database = await openDatabase({
      location: { directory: data.databasePath },
      onMaintenanceError: (error) => logger.warn({ err: error }, 'tables were not vacuumed; it is tried again'),
    })
    opened.defer(() => database.close())
    const queue = await createJobQueue({
      database,
      messages: ALL_MESSAGES,
      isOnlyProcess: true,
      // Work that is cut off by the end of the platform goes on after the next start.
      onError: (error) => logger[isCancellation(error) ? 'debug' : 'error']({ err: error }, 'queue error'),
    })
    opened.defer(() => queue.close())
    await data.markDatabaseReady()
    mark('database')
    const roles = await loading
    mark('code')

    const origin = `http://${reachableHost(options.host)}:${reserved.port}`
    const adminKey = await keepCredentials({
      dataDirectory: data.path,
      url: `${origin}/graphql`,
      given: options.environment['TRIBUTARY_ADMIN_API_KEY'],
    })
    const environment = {
      ...options.environment,
      TRIBUTARY_ADMIN_API_KEY: adminKey.secret,
      TRIBUTARY_DATA_DIR: data.path,
      TRIBUTARY_PUBLIC_URL: options.publicUrl ?? origin,
    }
    const urls = new Map<SubgraphName, string>()
    const platform: Platform = {
      database,
      queue,
      logger,
      blobs,
      // Always in the data directory: one process has nobody to share a Redis with.
      openStreamLog: streamLogsOn({ database, onError: (error) => logger.warn({ err: error }, 'stream log') }),
      signer: createIdentitySigner({ key: data.identityKey }),
      dataDirectory: data.path,
      originOf(name) {
        const url = urls.get(name)
        if (url) return new URL(url).origin
        throw new TributaryError('UPSTREAM_UNAVAILABLE', `The ${name} service is not running yet.`)
      },
      listen: { host: '127.0.0.1', port: 0 },
      isOnlyProcess: true,
    }

    // Before models is started, which fetches them, too, but silently: whoever comes first does it.
    const models = fetchModels({ fetch: roles.fetchModels, environment })
    opened.defer(() => models.close())
    const accounts = await roles.startAccounts(platform, environment)
    opened.defer(() => accounts.close())
    urls.set('accounts', accounts.url)
    await Promise.all(
      roles.apis.map(async ({ name, start }) => {
        const running = await start(platform, environment)
        opened.defer(() => running.close())
        urls.set(name, running.url)
        mark(name)
      }),
    )
    await Promise.all(
      roles.workers.map(async ({ name, start }) => {
        const running = await start(platform, environment)
        opened.defer(() => running.close())
        mark(`${name} worker`)
      }),
    )

    isReserved = false
    await reserved.release()
    const gateway = await roles.startGateway({
      host: options.host,
      port: reserved.port,
      corsOrigins: options.corsOrigins,
      ...(options.traffic ? { traffic: options.traffic } : {}),
      subgraphUrls: Object.fromEntries(SUBGRAPH_NAMES.map((name) => [name, urls.get(name)])) as Record<
        SubgraphName,
        string
      >,
      signer: platform.signer,
      planningThreads,
      ...(options.policy ? { policy: options.policy } : {}),
      ...(options.telemetry ? { telemetry: options.telemetry } : {}),
      logger,
    })
    opened.defer(() => gateway.close())
    mark('ready')
    return {
      url: `${origin}/graphql`,
      origin,
      dataDirectory: data.path,
      models,
      adminKey,
      uploadsWarning:
        options.publicUrl === null && isEveryAddress(options.host)
          ? `Programs on other machines are told to send uploads to ${origin}, which reaches this platform from its own machine only. Set TRIBUTARY_PUBLIC_URL to the address they use (the tributary command does without).`
          : null,
      timings,
      // Last opened, first closed: the gateway, workers, subgraphs, the queue, the database, the data directory.
      close: () => opened.disposeAsync(),
    }
  } catch (error) {
    await opened.disposeAsync().catch((cause: unknown) => logger.error({ err: cause }, 'closing after a failed start'))
    throw error
  }
}

async function loadRoles() {
  const entries = Object.entries(SUBGRAPH_ROLES) as [SubgraphName, SubgraphRoles][]
  const [startGateway, startAccounts, fetchModels, apis, workers] = await Promise.all([
    loadGateway(),
    loadAccounts(),
    loadFetchModels(),
    Promise.all(entries.map(async ([name, roles]) => ({ name, start: await roles.api() }))),
    Promise.all(entries.flatMap(([name, { worker }]) => (worker ? [worker().then((start) => ({ name, start }))] : []))),
  ])
  return { startGateway, startAccounts, fetchModels, apis, workers }
}

/** How a client on this machine writes the address that is listened on. */
function reachableHost(host: string): string {
  if (isEveryAddress(host)) return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

const isEveryAddress = (host: string): boolean => host === '0.0.0.0' || host === '::' || host === ''
