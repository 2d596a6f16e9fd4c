// All stories of the main job on one set of a cluster's servers, the role matrix among them.
import { afterAll, beforeAll, describe, vi } from 'vitest'
import { startRolesOnCluster } from '../../harness/cluster.ts'
import { countStatements } from '../../harness/counted-roles.ts'
import { STORY_TIMEOUTS } from '../../harness/platform-under-test.ts'
import type { ClusterInstallation, RunningCluster } from '../../services/cluster.ts'
import { badInputStory } from './bad-input.ts'
import { mainJobStory } from './main-job.ts'
import { operationsStory } from './operations.ts'
import { roleMatrixStory } from './role-matrix.ts'
import { sixSubgraphsStory } from './six-subgraphs.ts'

export function clusterStories({ title, start }: ClusterInstallation): void {
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
  })
}
