import { afterAll, beforeAll } from 'vitest'
import { openDatabase } from '#shared/database.ts'
import { createTestPlatform } from '../../test/harness/platform.ts'
import { ensurePostgresql, startPostgresql } from '../../test/services/postgresql.ts'
import { ensureRedis, startRedis } from '../../test/services/redis.ts'
import { describeWithService } from '../../test/services/service.ts'
import { describeGenerationStore } from './generation-store.contract.ts'

const [ensuredPostgresql, ensuredRedis] = [await ensurePostgresql(), await ensureRedis()]

describeWithService('generations on postgresql', ensuredPostgresql, (postgresql) => {
  describeWithService('and redis', ensuredRedis, (redis) => {
    const opened = new AsyncDisposableStack()
    let databaseUrl: string
    let redisUrl: string
    beforeAll(async () => {
      const [server, redisServer] = [await startPostgresql(postgresql), await startRedis(redis)]
      opened.defer(() => server.close())
      opened.defer(() => redisServer.close())
      databaseUrl = await server.createDatabase()
      redisUrl = redisServer.environment['REDIS_URL']!
    })
    afterAll(() => opened.disposeAsync())
    describeGenerationStore('PostgreSQL and Redis', async () =>
      createTestPlatform({ database: await openDatabase({ location: { url: databaseUrl } }), redisUrl }),
    )
  })
})
