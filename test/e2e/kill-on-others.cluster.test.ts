// The other vector stores, and what works with them, on clusters of their own.
import { ensureCluster } from '../services/cluster.ts'
import { describeWithService } from '../services/service.ts'
import { killClusterStory } from './stories/kill-cluster.ts'

describeWithService(
  'a cluster with weaviate whose stores are killed',
  await ensureCluster('weaviate'),
  (installation) => {
    killClusterStory(installation, { weaviate: 4, neo4j: 1, 'knowledge-worker': 1, knowledge: 1 })
  },
)

describeWithService('a cluster with chroma whose stores are killed', await ensureCluster('chroma'), (installation) => {
  killClusterStory(installation, { chroma: 2 })
})
