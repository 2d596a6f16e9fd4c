// All stories of the main job on one set of a cluster's servers, the role matrix and a restart of everything among them.
import { afterAll, beforeAll, describe, vi } from 'vitest'
import { startRolesOnCluster } from '../../harness/cluster.ts'
import { countStatements } from '../../harness/counted-roles.ts'
import { STORY_TIMEOUTS } from '../../harness/platform-under-test.ts'
import type { ClusterInstallation, RunningCluster } from '../../services/cluster.ts'
import type { RunningRoles } from '../../harness/roles.ts'
import { badInputStory } from './bad-input.ts'
import { killGenerativeStory } from './kill-generative.ts'
import { mainJobStory } from './main-job.ts'
import { operationsStory } from './operations.ts'
import { restartStory, type RestartablePlatform } from './restart.ts'
import { roleMatrixStory } from './role-matrix.ts'
import { sixSubgraphsStory } from './six-subgraphs.ts'

/** `hasKilledWriters`: also what becomes of generated answers whose processes are killed, which is the same on every vector store. */
export function clusterStories(
  { title, start }: ClusterInstallation,
  options: { hasKilledWriters?: boolean } = {},
): void {
  vi.setConfig(STORY_TIMEOUTS)
  describe(`on ${title}`, () => {
    let cluster: RunningCluster
    beforeAll(async () => {
      cluster = await start()
    })
    afterAll(() => cluster?.close())
    const startPlatform = () => startRolesOnCluster(cluster)

    mainJobStory(title, startPlatform)
    operationsStory(title, startPlatform)
    sixSubgraphsStory(title, async () => countStatements(await startPlatform()))
    badInputStory(title, startPlatform)
    roleMatrixStory(title, startPlatform)
    restartStory(title, async () => restartable(cluster, await startPlatform()))
    if (options.hasKilledWriters)
      killGenerativeStory(title, async () => {
        const roles = await startPlatform()
        return { roles, ollama: cluster.ollama, close: roles.close }
      })
  })
}

/** Its servers restart with its roles. */
function restartable(cluster: RunningCluster, roles: RunningRoles): RestartablePlatform {
  const servers = [...cluster.services.values()]
  return {
    ...roles,
    async stop() {
      await roles.stopAll()
      for (const server of servers) await server.stop()
    },
    async start() {
      await Promise.all(servers.map((server) => server.start()))
      await roles.startAll()
    },
  }
}
