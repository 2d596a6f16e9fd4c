// The composition root of the background process of models: ends generations whose process died, and lets old events go.
import { fileURLToPath } from 'node:url'
import type { Platform } from '../../contracts/platform.ts'
import { runProcess, type RunningRole } from '../../contracts/run-process.ts'
import type { GenerationEventPayload } from './domain/generation.ts'
import { createGenerations } from './generations.ts'
import { createModelCatalogue } from './model-catalogue.ts'

const TIDY_INTERVAL_MS = 3600 * 1000
/** Events can be replayed for so long after their generation ended; its text stays. */
const EVENTS_KEPT_MS = 7 * 24 * 3600 * 1000

export async function startModelsWorker(platform: Platform): Promise<RunningRole> {
  const { database, queue, logger, isOnlyProcess } = platform
  await database.migrate({ schema: 'models', folder: fileURLToPath(new URL('./migrations', import.meta.url)) })
  const log = await platform.openStreamLog<GenerationEventPayload>('models')
  // Without hosts: it starts none, but like every process it ends those of dead ones.
  const catalogue = await createModelCatalogue({ database, providers: [], defaults: {} })
  const generations = await createGenerations({ database, log, queue, catalogue, logger, isOnlyProcess })
  const tidy = (): void => {
    log
      .expire(EVENTS_KEPT_MS)
      .catch((error: unknown) => logger.warn({ err: error }, 'tidying up failed; tried again in an hour'))
  }
  const timer = setInterval(tidy, TIDY_INTERVAL_MS)
  timer.unref()
  return {
    async close() {
      clearInterval(timer)
      await generations.close()
      await log.close()
    },
  }
}

if (import.meta.main) await runProcess('models', 'worker', startModelsWorker)
