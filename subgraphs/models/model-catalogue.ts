// What all hosts have, read at most every few seconds. Whoever asks before the first reading is done waits for it. A host that is down keeps
// the models it was last seen with, also over a restart.
import { isDeepStrictEqual } from 'node:util'
import { sql } from 'drizzle-orm'
import type { Database } from '#shared/database.ts'
import { deterministicId } from '#shared/ids.ts'
import { chooseDefault, findByName, type CatalogueModel } from './domain/choose-model.ts'
import type { ModelCapability, ModelDescription, ModelProviderKind } from './domain/model.ts'
import type { ChatModel } from './ports/chat-model.ts'
import type { EmbeddingModel } from './ports/embedding-model.ts'
import { modelNotAvailable } from './ports/model-errors.ts'
import type { ModelProvider } from './ports/model-provider.ts'
import type { RerankModel } from './ports/rerank-model.ts'
import { hostSnapshotTable } from './tables.ts'

export interface CatalogueHost {
  name: string
  provider: ModelProviderKind
  isReachable: boolean
  /** Those of the last answer. */
  models: readonly ModelDescription[]
}

export interface Catalogue {
  models: readonly CatalogueModel[]
  hosts: readonly CatalogueHost[]
}

export interface ModelCatalogue {
  /** By name. Waits for hosts only when what is known is older than half a minute. */
  read(): Promise<Catalogue>
  /** The named model, whether or not its host answers now, or the default for the capability of hosts that do; null when there is none. */
  find(capability: ModelCapability, name: string | null): Promise<CatalogueModel | null>
  openChatModel(model: CatalogueModel, signal: AbortSignal): Promise<ChatModel>
  openEmbeddingModel(model: CatalogueModel, signal: AbortSignal): Promise<EmbeddingModel>
  openRerankModel(model: CatalogueModel, signal: AbortSignal): Promise<RerankModel>
  /** Reads all hosts again now. */
  refresh(): Promise<void>
}

export interface ModelCatalogueOptions {
  providers: readonly ModelProvider[]
  database: Database
  /** Names configured as defaults. */
  defaults: Partial<Record<ModelCapability, string>>
  /** Older than this is read again, in the background. Default 3,000. */
  freshMs?: number
  /** Older than this is not shown before it was read again. Default 25,000. */
  staleMs?: number
  /** Longest wait for one host, in milliseconds. Default 4,000. */
  hostTimeoutMs?: number
}

export const hostId = (workspaceId: string, name: string) => deterministicId('host', workspaceId, name)

export async function createModelCatalogue(options: ModelCatalogueOptions): Promise<ModelCatalogue> {
  const { providers, database, defaults, freshMs = 3_000, staleMs = 25_000, hostTimeoutMs = 4_000 } = options
  const hosts = new Map<string, CatalogueHost>()
  let readAt = -Infinity
  let reading: Promise<void> | null = null

  /** What each host's row says. */
  const stored = new Map<string, readonly ModelDescription[]>()

  const rows = await database.sql.select().from(hostSnapshotTable)
  for (const { hostName, kind } of providers) {
    const models = rows.find((row) => row.hostName === hostName && row.provider === kind)?.models ?? []
    hosts.set(hostName, { name: hostName, provider: kind, isReachable: false, models })
    stored.set(hostName, models)
  }

  const readHost = async (provider: ModelProvider): Promise<void> => {
    const { hostName, kind } = provider
    try {
      const models = await provider.listModels(AbortSignal.timeout(hostTimeoutMs))
      hosts.set(hostName, { name: hostName, provider: kind, isReachable: true, models })
    } catch {
      hosts.set(hostName, { ...hosts.get(hostName)!, isReachable: false })
    }
    // A row that could not be written takes nothing from a host that answers; the next reading writes it.
    await store(hosts.get(hostName)!).catch(() => undefined)
  }

  const store = async ({ name: hostName, provider, models }: CatalogueHost): Promise<void> => {
    const row = { hostName, provider, models: lasting(models) }
    if (isDeepStrictEqual(row.models, lasting(stored.get(hostName) ?? []))) return
    await database.sql
      .insert(hostSnapshotTable)
      .values(row)
      .onConflictDoUpdate({ target: hostSnapshotTable.hostName, set: { ...row, readAt: sql`now()` } })
    stored.set(hostName, row.models)
  }

  const refresh = (): Promise<void> => {
    reading ??= Promise.all(providers.map(readHost)).then(() => {
      readAt = performance.now()
      reading = null
    })
    return reading
  }

  const read = async (): Promise<Catalogue> => {
    const age = performance.now() - readAt
    if (age > freshMs) {
      const reread = refresh()
      if (age > staleMs) await reread
    }
    return merge([...hosts.values()])
  }

  /** Hosts that answer first, then those that have it loaded: there the first token comes at once. */
  const providersOf = (model: CatalogueModel): ModelProvider[] => {
    const rank = (provider: ModelProvider): number => {
      const host = hosts.get(provider.hostName)
      const isLoaded = host?.models.find(({ name }) => name === model.name)?.isLoaded === true
      return (host?.isReachable === true ? 0 : 2) + (isLoaded ? 0 : 1)
    }
    return providers
      .filter(({ kind, hostName }) => kind === model.provider && model.hostNames.includes(hostName))
      .toSorted((a, b) => rank(a) - rank(b))
  }
  const first = (model: CatalogueModel): ModelProvider => {
    const [provider] = providersOf(model)
    if (provider === undefined) throw modelNotAvailable(model.name, 'No configured host has it.')
    return provider
  }

  return {
    read,
    refresh,
    async find(capability, name) {
      const { models } = await read()
      if (name === null) return chooseDefault(models, capability, defaults[capability])
      const found = findByName(models, name)
      return found?.capabilities.includes(capability) === true ? found : null
    },
    openChatModel: async (model, signal) => first(model).openChatModel(model.name, signal),
    openEmbeddingModel: async (model, signal) => first(model).openEmbeddingModel(model.name, signal),
    openRerankModel: async (model, signal) => first(model).openRerankModel(model.name, signal),
  }
}

/** What stays true while a host is down. */
function lasting(models: readonly ModelDescription[]): ModelDescription[] {
  return models.map((model) => ({ ...model, isLoaded: null }))
}

function merge(hosts: readonly CatalogueHost[]): Catalogue {
  const models = new Map<string, CatalogueModel>()
  for (const host of hosts) {
    for (const model of host.models) {
      const key = `${host.provider} ${model.name}`
      const known = models.get(key)
      const isLoaded = host.isReachable ? model.isLoaded : null
      models.set(key, {
        ...(known ?? model),
        provider: host.provider,
        hostNames: [...(known?.hostNames ?? []), host.name],
        isAvailable: host.isReachable || known?.isAvailable === true,
        isLoaded: known?.isLoaded === true ? true : (isLoaded ?? known?.isLoaded ?? null),
      })
    }
  }
  return { models: [...models.values()], hosts: hosts.toSorted((a, b) => compare(a.name, b.name)) }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
