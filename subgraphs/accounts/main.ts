// The composition root of accounts: its API process.
import { fileURLToPath } from 'node:url'
import { readConfiguration } from '#shared/configuration.ts'
import { startSubgraphServer, readTypeDefinitions } from '#shared/graphql/subgraph-server.ts'
import {
  AUTHENTICATE_PATH,
  authenticateRequestSchema,
  type authenticateResponseSchema,
} from '../../contracts/accounts-client.ts'
import { IDENTITY_HEADER } from '../../contracts/identity.ts'
import type { Platform } from '../../contracts/platform.ts'
import { runProcess, type RunningRole } from '../../contracts/run-process.ts'
import type { z } from 'zod'
import { createApiKeys } from './api-keys.ts'
import { configSchema } from './config.ts'
import type { Context } from './context.ts'
import { createFindNode } from './find-node.ts'
import { createLoaders } from './loaders.ts'
import { permissions } from './permissions.ts'
import { resolvers } from './resolvers/index.ts'
import { createWorkspaces, type FirstStart } from './workspaces.ts'

export interface RunningAccounts extends RunningRole {
  url: string
  firstStart: FirstStart
}

export async function startAccounts(platform: Platform, environment: NodeJS.ProcessEnv): Promise<RunningAccounts> {
  const configuration = readConfiguration(configSchema, environment, {
    onWarning: (text) => platform.logger.warn(text),
  })
  const { database, signer, logger } = platform
  await database.migrate({ schema: 'accounts', folder: fileURLToPath(new URL('./migrations', import.meta.url)) })
  const apiKeys = createApiKeys({ database: database.sql })
  const workspaces = createWorkspaces({ database })
  const firstStart = await workspaces.ensureFirst(configuration.TRIBUTARY_ADMIN_API_KEY)
  const findNode = createFindNode({
    signer,
    originOf: platform.originOf,
    existsHere: async (identity, typeName, id) => {
      const loaders = createLoaders(identity.workspaceId, { apiKeys, workspaces })
      // Who may not read API keys must not learn which exist.
      if (typeName === 'ApiKey') return identity.roles.includes('ADMIN') && (await loaders.apiKey.load(id)) !== null
      return (await loaders.workspace.load(id)) !== null
    },
  })

  const server = await startSubgraphServer<Context>({
    name: 'accounts',
    typeDefinitions: readTypeDefinitions('accounts'),
    resolvers,
    permissions,
    identityHeader: IDENTITY_HEADER,
    verifyProcess: signer.verifyInternal,
    async createContext({ identityToken, signal, requestId }) {
      const identity = await signer.verify(identityToken)
      return {
        identity,
        signal,
        requestId,
        apiKeys,
        findNode,
        loaders: createLoaders(identity.workspaceId, { apiKeys, workspaces }),
      }
    },
    addRoutes(app) {
      app.post(AUTHENTICATE_PATH, async (request): Promise<z.input<typeof authenticateResponseSchema>> => {
        await signer.verifyInternal(String(request.headers[IDENTITY_HEADER] ?? ''))
        const { secret } = authenticateRequestSchema.parse(request.body)
        return { identity: await apiKeys.authenticate(secret) }
      })
    },
    ...platform.listen,
    logger,
  })
  return { url: server.url, firstStart, close: () => server.close() }
}

if (import.meta.main) {
  await runProcess('accounts', 'api', async (platform) => {
    const running = await startAccounts(platform, process.env)
    const { createdSecret } = running.firstStart
    if (createdSecret)
      process.stdout.write(`${JSON.stringify({ event: 'admin-api-key-created', secret: createdSecret })}\n`)
    return running
  })
}
