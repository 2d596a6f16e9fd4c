import { startRolesOnPostgresql } from '../harness/roles.ts'
import { ensurePostgresql } from '../services/postgresql.ts'
import { describeWithService } from '../services/service.ts'
import { operationsStory } from './stories/operations.ts'

describeWithService('on postgresql', await ensurePostgresql(), (installation) => {
  operationsStory('one process per role', () => startRolesOnPostgresql(installation))
})
