// What runs in the one process, as data: the same composition roots that run as processes of their own on a cluster.
import type { Platform } from '../../contracts/platform.ts'
import type { RunningRole } from '../../contracts/run-process.ts'
import type { SubgraphName } from '../../contracts/node-types.ts'

type Start<Running extends RunningRole> = (platform: Platform, environment: NodeJS.ProcessEnv) => Promise<Running>

export interface SubgraphRoles {
  /** Answers GraphQL; `url` is where. */
  api: () => Promise<Start<RunningRole & { url: string }>>
  /** Works on its queues. */
  worker?: () => Promise<Start<RunningRole>>
}

/** accounts is started apart from them: the first start makes the administrator's key. */
export const SUBGRAPH_ROLES: Record<Exclude<SubgraphName, 'accounts'>, SubgraphRoles> = {
  models: {
    api: async () => (await import('../../subgraphs/models/main.ts')).startModels,
    worker: async () => (await import('../../subgraphs/models/worker.ts')).startModelsWorker,
  },
  knowledge: {
    api: async () => (await import('../../subgraphs/knowledge/main.ts')).startKnowledge,
    worker: async () => (await import('../../subgraphs/knowledge/worker.ts')).startKnowledgeWorker,
  },
  ingestion: {
    api: async () => (await import('../../subgraphs/ingestion/main.ts')).startIngestion,
    worker: async () => (await import('../../subgraphs/ingestion/worker.ts')).startIngestionWorker,
  },
  graph: {
    api: async () => (await import('../../subgraphs/graph/main.ts')).startGraph,
    worker: async () => (await import('../../subgraphs/graph/worker.ts')).startGraphWorker,
  },
  metrics: {
    api: async () => (await import('../../subgraphs/metrics/main.ts')).startMetrics,
    worker: async () => (await import('../../subgraphs/metrics/worker.ts')).startMetricsWorker,
  },
}

export const loadAccounts = async () => (await import('../../subgraphs/accounts/main.ts')).startAccounts
export const loadFetchModels = async () => (await import('../../subgraphs/models/main.ts')).fetchEmbeddedModels
export const loadBeginPlanning = async () => (await import('../../gateway/begin-planning.ts')).beginPlanning
export const loadGateway = async () => (await import('../../gateway/main.ts')).startGateway
