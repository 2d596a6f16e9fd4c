// What every role of the platform is started with. Standalone makes one Platform for all roles; as a process of its own each role makes
// its own from the environment. Nothing else reads the environment or opens shared resources.
import path from 'node:path'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { BlobStore } from '#shared/blob-store.ts'
import { port, readConfiguration } from '#shared/configuration.ts'
import { openDatabase, type Database } from '#shared/database.ts'
import { createJobQueue, type JobQueue } from '#shared/job-queue.ts'
import { createLogger, LOG_LEVELS } from '#shared/logger.ts'
import { secret, secretAddress } from '#shared/masking.ts'
import { streamLogsOn, type OpenStreamLog } from '#shared/open-stream-log.ts'
import { createIdentitySigner, type IdentitySigner } from './identity.ts'
import { ALL_MESSAGES } from './messages.ts'
import type { SubgraphName } from './node-types.ts'
import { blobVariables, openBlobs } from './open-blobs.ts'

export interface Platform {
  database: Database
  queue: JobQueue
  blobs: BlobStore
  /** Opens the stream log of a SQL schema; whoever opens it closes it. */
  openStreamLog: OpenStreamLog
  signer: IdentitySigner
  logger: Logger
  /** Where files live that are not in the database: blobs and embedded vectors. */
  dataDirectory: string
  /** Where a subgraph answers, without a path: `http://host:port`. */
  originOf(name: SubgraphName): string
  /** Where this process listens; in standalone mode port 0. */
  listen: { host: string; port: number }
  /** True when no other process works on the same stores. */
  isOnlyProcess: boolean
}

const DEFAULT_PORTS: Record<SubgraphName, number> = {
  accounts: 4001,
  models: 4002,
  knowledge: 4003,
  graph: 4004,
  ingestion: 4005,
  metrics: 4006,
}

/** `TRIBUTARY_SUBGRAPH_KNOWLEDGE_URL` and so on. */
export const subgraphUrlVariable = <Name extends SubgraphName>(name: Name) =>
  `TRIBUTARY_SUBGRAPH_${name.toUpperCase() as Uppercase<Name>}_URL` as const

const subgraphUrl = (name: SubgraphName) =>
  z
    .url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL' })
    .default(`http://127.0.0.1:${DEFAULT_PORTS[name]}/graphql`)
    .describe(`Where the ${name} subgraph answers.`)

export const subgraphUrlVariables = {
  TRIBUTARY_SUBGRAPH_ACCOUNTS_URL: subgraphUrl('accounts'),
  TRIBUTARY_SUBGRAPH_MODELS_URL: subgraphUrl('models'),
  TRIBUTARY_SUBGRAPH_KNOWLEDGE_URL: subgraphUrl('knowledge'),
  TRIBUTARY_SUBGRAPH_INGESTION_URL: subgraphUrl('ingestion'),
  TRIBUTARY_SUBGRAPH_GRAPH_URL: subgraphUrl('graph'),
  TRIBUTARY_SUBGRAPH_METRICS_URL: subgraphUrl('metrics'),
}

const KEY_EXPECTED = 'expected at least 32 characters, the same for every process'

export const identityKeyVariable = {
  TRIBUTARY_IDENTITY_KEY: secret(z.string({ error: KEY_EXPECTED }).min(32, KEY_EXPECTED)).describe(
    'Secret with which the gateway signs the identity it hands to subgraphs; at least 32 characters, the same in every process.',
  ),
}

export const logVariable = {
  TRIBUTARY_LOG_LEVEL: z
    .enum(LOG_LEVELS)
    .default('warn')
    .describe('How much is logged, as JSON lines on standard error.'),
}

/** Connections that a process of each kind keeps by default. API processes answer many at once, workers have a few handlers. */
export const DATABASE_POOL_SIZE = { api: 5, worker: 4 } as const
/** Its statements are short: messages sent outside of transactions, and looking for some. */
export const QUEUE_POOL_SIZE = { api: 2, worker: 2 } as const
/** Sessions that a process listens with: for its queue and its stream log. (Some have a third, some only the first.) */
export const LISTENERS = 2

/** The environment of a subgraph or worker that runs as a process of its own. */
export const processRoleSchema = z.object({
  DATABASE_URL: secretAddress(
    z.url({ protocol: /^postgres(ql)?$/, error: 'expected postgresql://user:password@host:5432/database' }),
  ).describe('PostgreSQL of the platform; each subgraph has its own schema in it.'),
  TRIBUTARY_DATABASE_POOL_SIZE: z.coerce
    .number()
    .int()
    .min(1)
    .max(500)
    .optional()
    .describe(
      `Most connections to PostgreSQL that this process keeps for its statements; its queue and its listeners have up to ${QUEUE_POOL_SIZE.worker + LISTENERS} more. Unset: ${DATABASE_POOL_SIZE.api} for an API process, ${DATABASE_POOL_SIZE.worker} for a worker, so that one process of each role fits into PostgreSQL's 100.`,
    ),
  REDIS_URL: secretAddress(
    z
      .url({
        protocol: /^rediss?$/,
        error: 'expected redis://user:password@host:6379/0 or rediss://…',
        abort: true,
      })
      // Its client would say so only when it connects.
      .refine(
        (url) => /^\/?\d*$/.test(new URL(url).pathname),
        'expected the number of a database as its path, or none',
      ),
  )
    .optional()
    .describe(
      'Redis (6.2 or newer) or Valkey that events are streamed through; the same in every process. Unset: they are in PostgreSQL.',
    ),
  TRIBUTARY_DATA_DIR: z
    .string()
    .default('.tributary')
    .describe('Directory for stored files and embedded vectors; shared by all processes.'),
  TRIBUTARY_LISTEN_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address a subgraph listens on when it runs as a process of its own.'),
  TRIBUTARY_LISTEN_PORT: port()
    .optional()
    .describe('Port a subgraph listens on; by default that of its own TRIBUTARY_SUBGRAPH_…_URL.'),
  ...identityKeyVariable,
  ...logVariable,
  ...blobVariables,
  ...subgraphUrlVariables,
})

/** The Platform of a role that runs as its own process. */
export async function openProcessPlatform(
  role: SubgraphName,
  kind: 'api' | 'worker',
  environment: NodeJS.ProcessEnv,
): Promise<Platform & AsyncDisposable> {
  const warnings: string[] = []
  const configuration = readConfiguration(processRoleSchema, environment, { onWarning: (text) => warnings.push(text) })
  const logger = createLogger({ name: role, level: configuration.TRIBUTARY_LOG_LEVEL })
  for (const text of warnings) logger.warn(text)
  const originOf = (name: SubgraphName) => new URL(configuration[subgraphUrlVariable(name)]).origin
  const dataDirectory = path.resolve(configuration.TRIBUTARY_DATA_DIR)
  const blobs = await openBlobs({
    configuration,
    dataDirectory,
    onWarning: (error, message) => logger.warn({ err: error }, message),
  })
  const applicationName = `tributary-${role}${kind === 'worker' ? '-worker' : ''}`
  const database = await openDatabase({
    location: { url: configuration.DATABASE_URL },
    applicationName,
    poolSize: configuration.TRIBUTARY_DATABASE_POOL_SIZE ?? DATABASE_POOL_SIZE[kind],
  })
  const queue = await createJobQueue({
    database,
    messages: ALL_MESSAGES,
    isOnlyProcess: false,
    server: { poolSize: QUEUE_POOL_SIZE[kind], applicationName: `${applicationName}-queue` },
    onError: (error) => logger.error({ err: error }, 'queue error'),
  })
  return {
    database,
    queue,
    logger,
    dataDirectory,
    originOf,
    blobs,
    openStreamLog: streamLogsOn({
      database,
      redisUrl: configuration.REDIS_URL,
      onError: (error) => logger.warn({ err: error }, 'stream log'),
    }),
    signer: createIdentitySigner({ key: configuration.TRIBUTARY_IDENTITY_KEY }),
    listen: {
      host: configuration.TRIBUTARY_LISTEN_HOST,
      port: configuration.TRIBUTARY_LISTEN_PORT ?? Number(new URL(originOf(role)).port || 80),
    },
    isOnlyProcess: false,
    async [Symbol.asyncDispose]() {
      await queue.close()
      await database.close()
      await blobs.close()
    },
  }
}
