import { ensureCluster } from '../services/cluster.ts'
import { describeWithService } from '../services/service.ts'
import { movingStory } from './stories/moving.ts'

describeWithService('on a cluster', await ensureCluster('qdrant'), ({ title, start }) => {
  movingStory(title, async () => {
    const { postgresql, environment, close } = await start()
    const databaseUrl = await postgresql.createDatabase()
    return { environment: { ...environment, DATABASE_URL: databaseUrl }, isReadable: false, close }
  })
})
