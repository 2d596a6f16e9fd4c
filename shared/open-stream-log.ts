// Which store the stream logs of a process are on. What the other needs is not loaded.
import type { Database } from './database.ts'
import { createPostgresStreamLog } from './postgres-stream-log.ts'
import type { StreamLog } from './stream-log.ts'

/** Opens the stream log whose tables are in this SQL schema. */
export type OpenStreamLog = <Payload>(schema: string) => Promise<StreamLog<Payload>>

export function streamLogsOn(options: {
  database: Database
  /** Undefined: in PostgreSQL. */
  redisUrl?: string | undefined
  /** Called for failures that are mended by trying again, as the log does. */
  onError: (error: unknown) => void
}): OpenStreamLog {
  const { database, redisUrl, onError } = options
  return async <Payload>(schema: string) => {
    if (redisUrl === undefined) return createPostgresStreamLog<Payload>({ database, schema })
    const { createRedisStreamLog } = await import('./redis-stream-log.ts')
    return createRedisStreamLog<Payload>({ database, schema, url: redisUrl, onError })
  }
}
