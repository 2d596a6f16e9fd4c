// Which checks belong to which roles: those of the machine and of shared stores from here, those of a subgraph's own dependencies from its doctor.ts.
import type { Check } from '../../contracts/doctor.ts'
import { SUBGRAPH_NAMES, type SubgraphName } from '../../contracts/node-types.ts'
import { accountsChecks } from '../../subgraphs/accounts/doctor.ts'
import { graphChecks } from '../../subgraphs/graph/doctor.ts'
import { ingestionChecks } from '../../subgraphs/ingestion/doctor.ts'
import { knowledgeChecks, readEmbeddingModelNames } from '../../subgraphs/knowledge/doctor.ts'
import { metricsChecks } from '../../subgraphs/metrics/doctor.ts'
import { modelsChecks, readEmbeddingModels } from '../../subgraphs/models/doctor.ts'
import { configurationChecks } from './checks/configuration.ts'
import { dataDirectoryChecks } from './checks/data-directory.ts'
import { endpointChecks } from './checks/endpoints.ts'
import { nodeChecks } from './checks/node-version.ts'
import { postgresqlChecks } from './checks/postgresql.ts'
import { redisChecks } from './checks/redis.ts'
import { s3Checks } from './checks/s3.ts'
import { standaloneChecks } from './checks/standalone.ts'
import type { OpenDoctorContext } from './context.ts'
import type { Role } from './roles.ts'

const SUBGRAPH_CHECKS: Record<SubgraphName, (context: OpenDoctorContext) => Check[]> = {
  accounts: accountsChecks,
  models: (context) => modelsChecks({ ...context, embeddingModelNames: () => readEmbeddingModelNames(context) }),
  knowledge: (context) => knowledgeChecks({ ...context, embeddingModels: () => readEmbeddingModels(context) }),
  ingestion: ingestionChecks,
  graph: graphChecks,
  metrics: metricsChecks,
}

/** In the order in which they are shown. */
export function planChecks(context: OpenDoctorContext, roles: readonly Role[]): Check[] {
  const { isStandalone } = context
  const names = isStandalone
    ? SUBGRAPH_NAMES
    : SUBGRAPH_NAMES.filter((name) => roles.some(({ subgraph }) => subgraph === name))
  const hasStores = names.length > 0
  const checks = [
    ...nodeChecks(),
    ...configurationChecks(context.environment, roles),
    ...(hasStores ? dataDirectoryChecks(context) : []),
    ...(isStandalone ? standaloneChecks(context) : []),
    ...(hasStores && !isStandalone ? [...postgresqlChecks(context, roles), ...redisChecks(context)] : []),
    ...(hasStores ? s3Checks(context) : []),
    ...names.flatMap((name) => SUBGRAPH_CHECKS[name](context)),
    ...(isStandalone ? [] : endpointChecks(context.environment)),
  ]
  // Standalone applies its migrations at every start, so there is nothing to say of them.
  return isStandalone ? checks.filter(({ subject }) => subject !== 'Migrations') : checks
}
