// The composition root of graph: its API process. It reads; the worker writes.
import { readConfiguration } from '#shared/configuration.ts'
import { readTypeDefinitions, startSubgraphServer } from '#shared/graphql/subgraph-server.ts'
import { IDENTITY_HEADER } from '../../contracts/identity.ts'
import type { Platform } from '../../contracts/platform.ts'
import { runProcess, type RunningRole } from '../../contracts/run-process.ts'
import { openGraphStore } from './adapters/open-graph-store.ts'
import { createBrowseGraph } from './browse-graph.ts'
import { configSchema, neo4jOptions } from './config.ts'
import type { Context } from './context.ts'
import { createLoaders } from './loaders.ts'
import { migrate } from './migrate.ts'
import { permissions } from './permissions.ts'
import { resolvers } from './resolvers/index.ts'

export interface RunningGraph extends RunningRole {
  url: string
}

export async function startGraph(platform: Platform, environment: NodeJS.ProcessEnv): Promise<RunningGraph> {
  const { database, signer, logger } = platform
  await migrate(database)
  const neo4j = neo4jOptions(readConfiguration(configSchema, environment))
  const store = await openGraphStore({ database, neo4j })
  const server = await startSubgraphServer<Context>({
    name: 'graph',
    typeDefinitions: readTypeDefinitions('graph'),
    resolvers,
    permissions,
    identityHeader: IDENTITY_HEADER,
    verifyProcess: signer.verifyInternal,
    async createContext({ identityToken, signal, requestId }) {
      const identity = await signer.verify(identityToken)
      const graph = createBrowseGraph({ store, workspaceId: identity.workspaceId, signal })
      return { identity, signal, requestId, loaders: createLoaders(graph) }
    },
    ...platform.listen,
    logger,
  })
  return {
    url: server.url,
    async close() {
      await server.close()
      await store.close()
    },
  }
}

if (import.meta.main) await runProcess('graph', 'api', (platform) => startGraph(platform, process.env))
