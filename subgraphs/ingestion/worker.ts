// The composition root of ingestion's background process: runs items, takes the reports of other subgraphs, and tidies up.
import { fileURLToPath } from 'node:url'
import { readConfiguration } from '#shared/configuration.ts'
import { documentsDeleted, itemRun, stepReported } from '../../contracts/messages.ts'
import type { Platform } from '../../contracts/platform.ts'
import { runProcess, type RunningRole } from '../../contracts/run-process.ts'
import { createChildProcessDocumentExtractor } from './adapters/child-process-document-extractor.ts'
import { workerConfigSchema } from './config.ts'
import type { JobEvent } from './domain/item-state.ts'
import { createEndJobs } from './end-jobs.ts'
import { createItemTransitions } from './item-transitions.ts'
import { createReportStep } from './report-step.ts'
import { createGiveUpItem, createRunItem } from './run-item.ts'
import { createRunningItems } from './running-items.ts'
import { createStoredBlobs } from './stored-blobs.ts'
import { expireUploads } from './uploads.ts'

const TIDY_INTERVAL_MS = 3600 * 1000
/** Events can be replayed for so long after their job ended. */
const EVENTS_KEPT_MS = 30 * 24 * 3600 * 1000

export async function startIngestionWorker(platform: Platform, environment: NodeJS.ProcessEnv): Promise<RunningRole> {
  const configuration = readConfiguration(workerConfigSchema, environment, {
    onWarning: (text) => platform.logger.warn(text),
  })
  const { database, queue, blobs, logger } = platform
  await database.migrate({ schema: 'ingestion', folder: fileURLToPath(new URL('./migrations', import.meta.url)) })
  const events = await platform.openStreamLog<JobEvent>('ingestion')
  const transitions = createItemTransitions({ database, queue, events })
  const storedBlobs = createStoredBlobs({ database, blobs })
  const running = await createRunningItems({ database })
  const concurrency = configuration.TRIBUTARY_EXTRACTION_CONCURRENCY
  const extractor = createChildProcessDocumentExtractor({
    timeoutMs: configuration.TRIBUTARY_EXTRACTION_TIMEOUT_SECONDS * 1000,
    maximumMemoryBytes: configuration.TRIBUTARY_EXTRACTION_MEMORY_MB * 1024 ** 2,
    concurrency,
  })
  const runItem = createRunItem({
    blobs,
    storedBlobs,
    queue,
    transitions,
    extractor,
    running,
    onUnexpected: (error, itemId) => logger.error({ err: error, itemId }, 'an item failed unexpectedly'),
  })
  const reportStep = createReportStep({ transitions, queue })
  const endJobs = createEndJobs({ database, queue, events, storedBlobs })

  await queue.work(itemRun, { concurrency, onGivenUp: createGiveUpItem({ transitions }) }, ({ data, signal }) =>
    runItem(data, signal),
  )
  await queue.work(stepReported, {}, ({ data }) => reportStep(data))
  await queue.work(documentsDeleted, {}, ({ data }) => endJobs.forget(data))

  const tidy = () =>
    Promise.all([
      expireUploads({ database: database.sql, storedBlobs, directUploads: blobs.directUploads, now: new Date() }),
      events.expire(EVENTS_KEPT_MS),
    ]).catch((error: unknown) => logger.warn({ err: error }, 'tidying up failed; tried again in an hour'))
  const timer = setInterval(() => void tidy(), TIDY_INTERVAL_MS)
  timer.unref()

  return {
    async close() {
      clearInterval(timer)
      await extractor.close()
      await running.close()
      await events.close()
    },
  }
}

if (import.meta.main) await runProcess('ingestion', 'worker', (platform) => startIngestionWorker(platform, process.env))
