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
  describeGraphStoreOn('PostgreSQL', {
    locate: async () => ({ url: await server.createDatabase() }),
    async locateOn(disk) {
      const small = await startPostgresql(installation, { parent: disk.directory })
      return {
        location: { url: await small.createDatabase() },
        async restartServer() {
          await small.stop()
          await small.start()
        },
        close: () => small.close(),
      }
    },
  })
})
