import { startRolesOnPostgresql } from '../harness/roles.ts'
import { ensurePostgresql } from '../services/postgresql.ts'
import { describeWithService } from '../services/service.ts'
import { mainJobStory } from './stories/main-job.ts'

describeWithService('on postgresql', await ensurePostgresql(), (installation) => {
  mainJobStory('one process per role', () => startRolesOnPostgresql(installation))
})
