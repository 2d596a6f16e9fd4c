import { countStatements } from '../harness/counted-roles.ts'
import { startRolesOnPostgresql } from '../harness/roles.ts'
import { ensurePostgresql } from '../services/postgresql.ts'
import { describeWithService } from '../services/service.ts'
import { sixSubgraphsStory } from './stories/six-subgraphs.ts'

describeWithService('on postgresql', await ensurePostgresql(), (installation) => {
  sixSubgraphsStory('PostgreSQL', async () => countStatements(await startRolesOnPostgresql(installation)))
})
