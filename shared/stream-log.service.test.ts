import { afterAll, beforeAll } from 'vitest'
import { ensurePostgresql, startPostgresql } from '../test/services/postgresql.ts'
import { describeWithService } from '../test/services/service.ts'
import { openDatabase } from './database.ts'
import { describeStreamLog } from './stream-log.contract.ts'
import { openLogs } from './stream-log.fixture.ts'

describeWithService('the stream log on postgresql', await ensurePostgresql(), (installation) => {
  let server: Awaited<ReturnType<typeof startPostgresql>>
  beforeAll(async () => {
    server = await startPostgresql(installation)
  })
  afterAll(() => server.close())
  describeStreamLog('PostgreSQL', async () =>
    openLogs(await openDatabase({ location: { url: await server.createDatabase() } })),
  )
})
