// Every role that can be started, as data: what it reads, and which subgraph it belongs to.
import type { z } from 'zod'
import { SUBGRAPH_NAMES, type SubgraphName } from '../../contracts/node-types.ts'
import { processRoleSchema } from '../../contracts/platform.ts'
import { configSchema as gatewaySchema } from '../../gateway/config.ts'
import { configSchema as accountsSchema } from '../../subgraphs/accounts/config.ts'
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

export interface Role {
  name: RoleName
  /** Read by it, in this order. */
  schemas: readonly z.ZodObject[]
  /** Null for those that belong to none. */
  subgraph: SubgraphName | null
  kind: 'api' | 'worker' | 'standalone'
}

const OWN: Record<SubgraphName, { api: readonly z.ZodObject[]; worker: readonly z.ZodObject[] | null }> = {
  accounts: { api: [accountsSchema], worker: null },
  models: { api: [modelsSchema], worker: [] },
  knowledge: { api: [knowledgeSchema], worker: [knowledgeWorkerSchema] },
  ingestion: { api: [ingestionSchema], worker: [ingestionWorkerSchema] },
  graph: { api: [], worker: [] },
  metrics: { api: [], worker: [] },
}

/** Those that run as processes of their own. */
export const PROCESS_ROLES: readonly Role[] = [
  { name: 'gateway', schemas: [gatewaySchema], subgraph: null, kind: 'api' },
  ...SUBGRAPH_NAMES.flatMap((subgraph): Role[] => {
    const { api, worker } = OWN[subgraph]
    return [
      { name: subgraph, schemas: [processRoleSchema, ...api], subgraph, kind: 'api' },
      ...(worker
        ? [
            {
              name: `${subgraph}-worker` as const,
              schemas: [processRoleSchema, ...worker],
              subgraph,
              kind: 'worker' as const,
            },
          ]
        : []),
    ]
  }),
]

export const STANDALONE_ROLE: Role = {
  name: 'standalone',
  schemas: [standaloneSchema, ...Object.values(OWN).flatMap(({ api, worker }) => [...api, ...(worker ?? [])])],
  subgraph: null,
  kind: 'standalone',
}

export const ALL_ROLES: readonly Role[] = [STANDALONE_ROLE, ...PROCESS_ROLES]
