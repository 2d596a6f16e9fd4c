// The composition root of metrics' background process: takes usage events down.
import { usageRecorded } from '../../contracts/messages.ts'
import type { Platform } from '../../contracts/platform.ts'
import { runProcess, type RunningRole } from '../../contracts/run-process.ts'
import { migrate } from './migrate.ts'
import { createRecordUsage } from './record-usage.ts'

export async function startMetricsWorker(platform: Platform, _environment: NodeJS.ProcessEnv): Promise<RunningRole> {
  const { database, queue } = platform
  await migrate(database)
  const recordUsage = createRecordUsage({ database: database.sql })
  await queue.workGathered(usageRecorded, recordUsage)
  // The queue is the platform's, and ends with it.
  return { close: () => Promise.resolve() }
}

if (import.meta.main) await runProcess('metrics', 'worker', (platform) => startMetricsWorker(platform, process.env))
