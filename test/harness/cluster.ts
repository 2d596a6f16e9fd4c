// The platform on a cluster's stores: each role a process of its own, and each platform with a database, a bucket folder and names of its own,
// so that one set of servers serves them one after the other.
import { randomBytes } from 'node:crypto'
import type { RunningCluster } from '../services/cluster.ts'
import { startRoles, type RunningRoles } from './roles.ts'

export async function startRolesOnCluster(cluster: RunningCluster): Promise<RunningRoles> {
  const name = `test-${randomBytes(4).toString('hex')}`
  return startRoles({
    databaseUrl: await cluster.postgresql.createDatabase(),
    environment: { ...cluster.environment, S3_PREFIX: name, TRIBUTARY_QDRANT_COLLECTION_PREFIX: name },
  })
}
