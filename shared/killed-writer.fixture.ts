// A process that is killed between the commit of a transaction with events and their way to Redis. Run by a test with the addresses of database
// and Redis and a stream's id; it commits on SIGUSR2, which the test sends when Redis does not answer.
import { once } from 'node:events'
import { openDatabase } from './database.ts'
import { createRedisStreamLog } from './redis-stream-log.ts'

const [databaseUrl, redisUrl, schema, streamId] = process.argv.slice(2) as [string, string, string, string]
const database = await openDatabase({ location: { url: databaseUrl } })
const log = await createRedisStreamLog<string>({ database, schema, url: redisUrl })
await database.sql.transaction(async (transaction) => {
  await log.append('ws_1', streamId, ['first', 'second'], { transaction })
  const told = once(process, 'SIGUSR2')
  process.stdout.write('appended\n')
  await told
})
process.kill(process.pid, 'SIGKILL')
