// The composition root of metrics: its API process. It reads; the worker takes events down.
import { readTypeDefinitions, startSubgraphServer } from '#shared/graphql/subgraph-server.ts'
import { IDENTITY_HEADER } from '../../contracts/identity.ts'
import type { Platform } from '../../contracts/platform.ts'
import { runProcess, type RunningRole } from '../../contracts/run-process.ts'
import type { Context } from './context.ts'
import { createReadKnowledgeBaseMetrics } from './knowledge-base-metrics.ts'
import { createLoaders } from './loaders.ts'
import { migrate } from './migrate.ts'
import { permissions } from './permissions.ts'
import { createReadUsage } from './read-usage.ts'
import { resolvers } from './resolvers/index.ts'

export interface RunningMetrics extends RunningRole {
  url: string
}

export async function startMetrics(platform: Platform, _environment: NodeJS.ProcessEnv): Promise<RunningMetrics> {
  const { database, signer, logger } = platform
  await migrate(database)
  const readUsage = createReadUsage({ database: database.sql })
  const readKnowledgeBaseMetrics = createReadKnowledgeBaseMetrics({ database: database.sql })
  const server = await startSubgraphServer<Context>({
    name: 'metrics',
    typeDefinitions: readTypeDefinitions('metrics'),
    resolvers,
    permissions,
    identityHeader: IDENTITY_HEADER,
    verifyProcess: signer.verifyInternal,
    async createContext({ identityToken, signal, requestId }) {
      const identity = await signer.verify(identityToken)
      const loaders = createLoaders(identity.workspaceId, readKnowledgeBaseMetrics)
      return { identity, signal, requestId, readUsage, loaders }
    },
    ...platform.listen,
    logger,
  })
  return { url: server.url, close: () => server.close() }
}

if (import.meta.main) await runProcess('metrics', 'api', (platform) => startMetrics(platform, process.env))
