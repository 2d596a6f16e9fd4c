import { ensurePostgresql, startPostgresql } from '../services/postgresql.ts'
import { describeWithService } from '../services/service.ts'
import { movingStory } from './stories/moving.ts'

describeWithService('on postgresql', await ensurePostgresql(), (installation) => {
  movingStory('PostgreSQL', async () => {
    const postgresql = await startPostgresql(installation)
    const environment = { DATABASE_URL: await postgresql.createDatabase() }
    return { environment, isReadable: true, close: postgresql.close }
  })
})
