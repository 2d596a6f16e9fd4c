// How knowledge tells ingestion of the steps it was commanded to run. Reports are facts that may be told twice; progress is told at most
// every half second.
import type { z } from 'zod'
import type { SqlExecutor } from '#shared/database.ts'
import type { JobQueue } from '#shared/job-queue.ts'
import { stepReported, type IngestionStepName, type StepError } from '../../contracts/messages.ts'

type Report = z.input<typeof stepReported.schema>

export interface StepReports {
  running(step: IngestionStepName, progress?: { completedUnits: number; totalUnits: number }): Promise<void>
  /** With `transaction` the report is told if and only if the change it speaks of is made. */
  succeeded(
    step: IngestionStepName,
    details?: Pick<Report, 'completedUnits' | 'totalUnits' | 'chunksKey'>,
    transaction?: SqlExecutor,
  ): Promise<void>
  failed(step: IngestionStepName, error: StepError, transaction?: SqlExecutor): Promise<void>
}

const PROGRESS_INTERVAL_MS = 500

export function createStepReports(options: {
  queue: JobQueue
  item: { workspaceId: string; itemId: string; attempt: number }
}): StepReports {
  const { queue, item } = options
  const { workspaceId, itemId, attempt } = item
  let lastProgress = 0

  const send = (
    report: Pick<Report, 'step' | 'status' | 'error' | 'completedUnits' | 'totalUnits' | 'chunksKey'>,
    transaction?: SqlExecutor,
  ) =>
    queue.send(
      stepReported,
      { workspaceId, itemId, attempt, occurredAt: new Date().toISOString(), ...report },
      transaction ? { transaction } : {},
    )

  return {
    async running(step, progress) {
      const now = Date.now()
      if (progress && now - lastProgress < PROGRESS_INTERVAL_MS) return
      lastProgress = now
      await send({ step, status: 'RUNNING', ...progress })
    },
    succeeded: (step, details, transaction) => send({ step, status: 'SUCCEEDED', ...details }, transaction),
    failed: (step, error, transaction) => send({ step, status: 'FAILED', error }, transaction),
  }
}
