import { startRolesOnPostgresql } from '../harness/roles.ts'
import { ensurePostgresql } from '../services/postgresql.ts'
import { describeWithService } from '../services/service.ts'
import { badInputStory } from './stories/bad-input.ts'

describeWithService('on postgresql', await ensurePostgresql(), (installation) => {
  badInputStory('one process per role', () => startRolesOnPostgresql(installation))
})
