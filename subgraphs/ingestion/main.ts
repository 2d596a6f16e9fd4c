// The composition root of ingestion: its API process.
import { fileURLToPath } from 'node:url'
import { readConfiguration } from '#shared/configuration.ts'
import { readTypeDefinitions, startSubgraphServer } from '#shared/graphql/subgraph-server.ts'
import { IDENTITY_HEADER } from '../../contracts/identity.ts'
import { createKnowledgeClient } from '../../contracts/knowledge-client.ts'
import type { Platform } from '../../contracts/platform.ts'
import { runProcess, type RunningRole } from '../../contracts/run-process.ts'
import { configSchema } from './config.ts'
import type { Context } from './context.ts'
import { createCreateJob } from './create-job.ts'
import type { JobEvent } from './domain/item-state.ts'
import { createEndJobs } from './end-jobs.ts'
import { createJobEvents } from './job-events.ts'
import { createLoaders } from './loaders.ts'
import { permissions } from './permissions.ts'
import { createReadJobs } from './read-jobs.ts'
import { resolvers } from './resolvers/index.ts'
import { createStoredBlobs } from './stored-blobs.ts'
import { addUploadRoute } from './upload-route.ts'
import { createUploads } from './uploads.ts'

export interface RunningIngestion extends RunningRole {
  url: string
}

export interface StartIngestionOptions {
  /** What addresses of uploads begin with, when only the starter knows it (a gateway on a free port). Default TRIBUTARY_PUBLIC_URL. */
  publicUrl?: () => string
}

const BYTES_PER_MEGABYTE = 1_000_000

export async function startIngestion(
  platform: Platform,
  environment: NodeJS.ProcessEnv,
  options: StartIngestionOptions = {},
): Promise<RunningIngestion> {
  const configuration = readConfiguration(configSchema, environment, {
    onWarning: (text) => platform.logger.warn(text),
  })
  const { database, queue, blobs, signer, logger } = platform
  await database.migrate({ schema: 'ingestion', folder: fileURLToPath(new URL('./migrations', import.meta.url)) })
  const events = await platform.openStreamLog<JobEvent>('ingestion')
  const storedBlobs = createStoredBlobs({ database, blobs })
  const uploads = createUploads({
    database,
    blobs,
    storedBlobs,
    limitBytes: configuration.TRIBUTARY_UPLOAD_LIMIT_MB * BYTES_PER_MEGABYTE,
    lifetimeMs: configuration.TRIBUTARY_UPLOAD_LIFETIME_MINUTES * 60_000,
  })
  const knowledge = createKnowledgeClient({ origin: () => platform.originOf('knowledge'), signer })
  const createJob = createCreateJob({ database, storedBlobs, queue, knowledge, takeIn: uploads.takeIn })
  const endJobs = createEndJobs({ database, queue, events, storedBlobs })
  const readJobs = createReadJobs({ database: database.sql })
  const jobEvents = createJobEvents({ database: database.sql, readJobs, events })
  const publicUrl = options.publicUrl ?? (() => configuration.TRIBUTARY_PUBLIC_URL)

  const server = await startSubgraphServer<Context>({
    name: 'ingestion',
    typeDefinitions: readTypeDefinitions('ingestion'),
    resolvers,
    permissions,
    identityHeader: IDENTITY_HEADER,
    verifyProcess: signer.verifyInternal,
    async createContext({ identityToken, signal, requestId, lastEventId }) {
      const identity = await signer.verify(identityToken)
      return {
        identity,
        signal,
        requestId,
        lastEventId,
        uploads,
        createJob,
        endJobs,
        readJobs,
        jobEvents,
        loaders: createLoaders(identity.workspaceId, { uploads, readJobs }),
        publicUrl: publicUrl().replace(/\/+$/, ''),
      }
    },
    addRoutes: (app) => addUploadRoute(app, uploads),
    ...platform.listen,
    logger,
  })
  return {
    url: server.url,
    async close() {
      await server.close()
      await events.close()
    },
  }
}

if (import.meta.main) await runProcess('ingestion', 'api', (platform) => startIngestion(platform, process.env))
