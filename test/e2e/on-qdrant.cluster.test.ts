import { ensureCluster } from '../services/cluster.ts'
import { describeWithService } from '../services/service.ts'
import { clusterStories } from './stories/cluster.ts'

describeWithService('a cluster with qdrant', await ensureCluster('qdrant'), (installation) => {
  clusterStories(installation, { hasKilledWriters: true })
})
