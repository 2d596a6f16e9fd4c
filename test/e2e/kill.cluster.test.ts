import { ensureCluster } from '../services/cluster.ts'
import { describeWithService } from '../services/service.ts'
import { killClusterStory } from './stories/kill-cluster.ts'

describeWithService('a cluster with qdrant whose stores are killed', await ensureCluster('qdrant'), (installation) => {
  killClusterStory(installation, {
    postgresql: 2,
    redis: 2,
    neo4j: 2,
    qdrant: 2,
    s3: 2,
    ollama: 1,
    'ingestion-worker': 2,
    'knowledge-worker': 2,
    'graph-worker': 2,
    'metrics-worker': 1,
    gateway: 1,
    ingestion: 1,
    models: 1,
    knowledge: 1,
    accounts: 1,
    graph: 1,
    metrics: 1,
  })
})
