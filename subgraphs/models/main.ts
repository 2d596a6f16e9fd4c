// The composition root of models: its API process, which also runs the embedded models.
import { fileURLToPath } from 'node:url'
import { readConfiguration } from '#shared/configuration.ts'
import { readTypeDefinitions, startSubgraphServer } from '#shared/graphql/subgraph-server.ts'
import { IDENTITY_HEADER } from '../../contracts/identity.ts'
import type { Platform } from '../../contracts/platform.ts'
import { runProcess, type RunningRole } from '../../contracts/run-process.ts'
import { createEmbeddedProvider } from './adapters/embedded-provider.ts'
import { createOllamaProvider } from './adapters/ollama-provider.ts'
import { configSchema, type ModelsConfiguration } from './config.ts'
import type { Context } from './context.ts'
import type { GenerationEventPayload } from './domain/generation.ts'
import { createCountUsage } from './count-usage.ts'
import { createEmbedTexts } from './embed-texts.ts'
import {
  EMBEDDED_MODELS,
  fetchMissingModels,
  locateIn,
  type FetchOptions,
  type MissingModel,
} from './embedded-models.ts'
import { createGenerations } from './generations.ts'
import { addInternalRoutes } from './internal-routes.ts'
import { createLoaders } from './loaders.ts'
import { createModelCatalogue } from './model-catalogue.ts'
import { permissions } from './permissions.ts'
import type { ModelProvider } from './ports/model-provider.ts'
import { createRerankPassages } from './rerank-passages.ts'
import { resolvers } from './resolvers/index.ts'

export interface RunningModels extends RunningRole {
  url: string
}

/**
 * Fetches the embedded models that this machine lacks and no Ollama makes needless; cheap when all is there. What could not be had is
 * answered, with what to do about it. Rejects only when the signal aborts.
 */
export async function fetchEmbeddedModels(
  environment: NodeJS.ProcessEnv,
  options: FetchOptions,
): Promise<{ missing: MissingModel[] }> {
  const configuration = readConfiguration(configSchema, environment)
  const ollama = ollamaProviders(configuration)
  try {
    return await fetchMissingModels(configuration, ollama, options)
  } finally {
    await Promise.all(ollama.map((provider) => provider[Symbol.asyncDispose]()))
  }
}

/** Ready at once: models appear as their files and hosts do, and the first who ask wait until hosts were looked at. */
export async function startModels(platform: Platform, environment: NodeJS.ProcessEnv): Promise<RunningModels> {
  const configuration = readConfiguration(configSchema, environment, {
    onWarning: (text) => platform.logger.warn(text),
  })
  const { database, queue, signer, logger, isOnlyProcess } = platform
  await database.migrate({ schema: 'models', folder: fileURLToPath(new URL('./migrations', import.meta.url)) })
  const ollama = ollamaProviders(configuration)
  const threads = configuration.TRIBUTARY_MODEL_THREADS
  const embedded = createEmbeddedProvider({
    models: EMBEDDED_MODELS,
    locate: locateIn(configuration),
    ...(threads === undefined ? {} : { threads }),
  })
  const catalogue = await createModelCatalogue({
    database,
    providers: [...ollama, embedded],
    defaults: {
      ...(configuration.TRIBUTARY_DEFAULT_CHAT_MODEL === undefined
        ? {}
        : { CHAT: configuration.TRIBUTARY_DEFAULT_CHAT_MODEL }),
      ...(configuration.TRIBUTARY_DEFAULT_EMBEDDING_MODEL === undefined
        ? {}
        : { EMBEDDING: configuration.TRIBUTARY_DEFAULT_EMBEDDING_MODEL }),
    },
  })
  const log = await platform.openStreamLog<GenerationEventPayload>('models')
  const generations = await createGenerations({
    database,
    log,
    queue,
    catalogue,
    logger,
    isOnlyProcess,
    graceMs: configuration.TRIBUTARY_GENERATION_GRACE_MS,
  })
  // Alone on the database, whatever has not ended was begun by a process that is dead.
  await generations.sweep({ all: isOnlyProcess })
  const countUsage = createCountUsage({ queue, logger })
  const embedTexts = createEmbedTexts({ catalogue, countUsage })
  const rerankPassages = createRerankPassages({ catalogue, countUsage })

  const stopping = new AbortController()
  const fetching = fetchMissingModels(configuration, ollama, { signal: stopping.signal }).then(
    ({ missing }) => {
      for (const { message } of missing) logger.warn(message)
      return catalogue.refresh()
    },
    () => undefined,
  )

  const server = await startSubgraphServer<Context>({
    name: 'models',
    typeDefinitions: readTypeDefinitions('models'),
    resolvers,
    permissions,
    identityHeader: IDENTITY_HEADER,
    verifyProcess: signer.verifyInternal,
    async createContext({ identityToken, signal, requestId, lastEventId }) {
      const identity = await signer.verify(identityToken)
      const loaders = createLoaders(identity.workspaceId, { catalogue, generations })
      return { identity, signal, requestId, lastEventId, catalogue, generations, loaders }
    },
    addRoutes: (app) => addInternalRoutes(app, { signer, catalogue, embedTexts, rerankPassages, generations }),
    ...platform.listen,
    logger,
  })
  return {
    url: server.url,
    async close() {
      stopping.abort()
      // Generations end first, so that those who follow them are told before their connections close.
      await generations.close()
      await server.close()
      await countUsage.close()
      await fetching
      await log.close()
      await Promise.all([...ollama, embedded].map((provider) => provider[Symbol.asyncDispose]()))
    },
  }
}

function ollamaProviders(configuration: ModelsConfiguration): ModelProvider[] {
  return configuration.OLLAMA_HOST === undefined ? [] : [createOllamaProvider({ address: configuration.OLLAMA_HOST })]
}

if (import.meta.main) await runProcess('models', 'api', (platform) => startModels(platform, process.env))
