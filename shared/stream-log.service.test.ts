// The stream log on real servers: PostgreSQL, and Redis beside it (Valkey where REDIS_SERVER names its program).
import { afterAll, beforeAll } from 'vitest'
import { ensurePostgresql, startPostgresql } from '../test/services/postgresql.ts'
import { ensureRedis, startRedis } from '../test/services/redis.ts'
import type { RunningService } from '../test/services/server.ts'
import { describeWithService } from '../test/services/service.ts'
import { openDatabase } from './database.ts'
import { createRedisStreamLog } from './redis-stream-log.ts'
import { describeStreamLog } from './stream-log.contract.ts'
import { openLogs, TEST_SCHEMA } from './stream-log.fixture.ts'

const ensuredRedis = await ensureRedis()

describeWithService('the stream log on postgresql', await ensurePostgresql(), (installation) => {
  let server: Awaited<ReturnType<typeof startPostgresql>>
  beforeAll(async () => {
    server = await startPostgresql(installation)
  })
  afterAll(() => server.close())
  const openServer = async () => openDatabase({ location: { url: await server.createDatabase() } })
  describeStreamLog('PostgreSQL', async () => openLogs(await openServer()))

  describeWithService('with redis', ensuredRedis, (redisInstallation) => {
    let redis: RunningService
    beforeAll(async () => {
      redis = await startRedis(redisInstallation)
    })
    afterAll(() => redis.close())
    const open = (database: Parameters<typeof openLogs>[0]) =>
      openLogs(database, (on) =>
        createRedisStreamLog<string>({ database: on, schema: TEST_SCHEMA, url: redis.environment['REDIS_URL']! }),
      )
    describeStreamLog('Redis and PostgreSQL', async () => open(await openServer()))
  })
})
