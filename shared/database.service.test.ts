import { afterAll, beforeAll } from 'vitest'
import { ensurePostgresql, startPostgresql } from '../test/services/postgresql.ts'
import { describeWithService } from '../test/services/service.ts'
import { openDatabase } from './database.ts'
import { describeDatabase } from './database.contract.ts'

describeWithService('the database on postgresql', await ensurePostgresql(), (installation) => {
  let server: Awaited<ReturnType<typeof startPostgresql>>
  beforeAll(async () => {
    server = await startPostgresql(installation)
  })
  afterAll(() => server.close())
  describeDatabase('PostgreSQL', async () => openDatabase({ location: { url: await server.createDatabase() } }))
})
