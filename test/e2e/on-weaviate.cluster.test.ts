import { ensureCluster } from '../services/cluster.ts'
import { describeWithService } from '../services/service.ts'
import { clusterStories } from './stories/cluster.ts'

describeWithService('a cluster with weaviate', await ensureCluster('weaviate'), (installation) => {
  clusterStories(installation)
})
