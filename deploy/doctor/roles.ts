// Every role that can be started, as data: what it reads, and which subgraph it belongs to.
import type { z } from 'zod'
import { SUBGRAPH_NAMES, type SubgraphName } from '../../contracts/node-types.ts'
import { processRoleSchema } from '../../contracts/platform.ts'
import { configSchema as gatewaySchema } from '../../gateway/config.ts'
import { configSchema as accountsSchema } from '../../subgraphs/accounts/config.ts'
import { configSchema as graphSchema } from '../../subgraphs/graph/config.ts'
import {
  configSchema as ingestionSchema,
  workerConfigSchema as ingestionWorkerSchema,
} from '../../subgraphs/ingestion/config.ts'
import {
  configSchema as knowledgeSchema,
  workerConfigSchema as knowledgeWorkerSchema,
} from '../../subgraphs/knowledge/config.ts'
import { configSchema as modelsSchema } from '../../subgraphs/models/config.ts'
import { configSchema as standaloneSchema } from '../standalone/config.ts'

/** `standalone`, `gateway`, `<subgraph>` or `<subgraph>-worker`. */
export type RoleName = 'standalone' | 'gateway' | SubgraphName | `${SubgraphName}-worker`

/** A part of a role's configuration, and what it is called. */
export interface Section {
  name: string
  schema: z.ZodObject
}

export interface Role {
  name: RoleName
  /** Read by it, in this order. Those that several read are the same object. */
  sections: readonly Section[]
  /** Null for those that belong to none. */
  subgraph: SubgraphName | null
  kind: 'api' | 'worker' | 'standalone'
}

interface OwnSections {
  api: readonly Section[]
  /** Null where there is no worker. */
  worker: readonly Section[] | null
}

const GRAPH: Section = { name: 'graph', schema: graphSchema }

const OWN: Record<SubgraphName, OwnSections> = {
  accounts: { api: [{ name: 'accounts', schema: accountsSchema }], worker: null },
  models: { api: [{ name: 'models', schema: modelsSchema }], worker: [] },
  knowledge: {
    api: [{ name: 'knowledge', schema: knowledgeSchema }],
    worker: [{ name: 'knowledge-worker', schema: knowledgeWorkerSchema }],
  },
  ingestion: {
    api: [{ name: 'ingestion', schema: ingestionSchema }],
    worker: [{ name: 'ingestion-worker', schema: ingestionWorkerSchema }],
  },
  graph: { api: [GRAPH], worker: [GRAPH] },
  metrics: { api: [], worker: [] },
}

const EVERY_PROCESS: Section = { name: 'every subgraph', schema: processRoleSchema }

/** Those that run as processes of their own. */
export const PROCESS_ROLES: readonly Role[] = [
  { name: 'gateway', sections: [{ name: 'gateway', schema: gatewaySchema }], subgraph: null, kind: 'api' },
  ...SUBGRAPH_NAMES.flatMap((subgraph): Role[] => {
    const { api, worker } = OWN[subgraph]
    const role = (name: RoleName, kind: 'api' | 'worker', own: readonly Section[]): Role => ({
      name,
      sections: [EVERY_PROCESS, ...own],
      subgraph,
      kind,
    })
    return [role(subgraph, 'api', api), ...(worker ? [role(`${subgraph}-worker`, 'worker', worker)] : [])]
  }),
]

export const STANDALONE_ROLE: Role = {
  name: 'standalone',
  sections: [
    { name: 'standalone', schema: standaloneSchema },
    ...Object.values(OWN).flatMap(({ api, worker }) => [...api, ...(worker ?? [])]),
  ],
  subgraph: null,
  kind: 'standalone',
}

export const ALL_ROLES: readonly Role[] = [STANDALONE_ROLE, ...PROCESS_ROLES]
