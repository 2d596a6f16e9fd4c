import { afterAll, beforeAll } from 'vitest'
import { ensurePostgresql, startPostgresql } from '../../../test/services/postgresql.ts'
import { describeWithService } from '../../../test/services/service.ts'
import { describeGraphStoreOn } from './postgres-graph-store.fixture.ts'

describeWithService('the graph store on postgresql', await ensurePostgresql(), (installation) => {
  let server: Awaited<ReturnType<typeof startPostgresql>>
  beforeAll(async () => {
    server = await startPostgresql(installation)
  })
  afterAll(() => server.close())
  describeGraphStoreOn('PostgreSQL', async () => ({ url: await server.createDatabase() }))
})
